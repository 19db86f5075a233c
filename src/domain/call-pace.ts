/** Calls closer to each other than this go together (milliseconds). */
const togetherMs = 50;
/** A place that is free waits no longer for its call (milliseconds): the endpoint may have become faster. */
const longestPauseMs = 500;

/** How many of those in line are called together, and the pause before the next ones (milliseconds). */
export interface CallPace {
  atOnce: number;
  pauseMs: number;
}

/**
 * Attempts at a slow endpoint that began together end together, and whoever is called in their place begins together
 * again: a worker then has all of that work in one moment, and everybody else's events wait behind it. So its places are
 * given away one after the other, twice as fast as it frees them on average.
 * @param answerMs how long the endpoint takes to answer; null where it is fast or not known
 */
export function callPace(answerMs: number | null, places: number): CallPace {
  if (answerMs === null) return { atOnce: Number.POSITIVE_INFINITY, pauseMs: 0 };
  const eachMs = answerMs / places / 2;
  const atOnce = Math.max(1, Math.floor(togetherMs / eachMs));
  return { atOnce, pauseMs: Math.min(atOnce * eachMs, longestPauseMs) };
}
