import type { Answer } from '../support/receiver.ts';

/** How a partner's server is at the moment. */
export const moods = ['well', 'failing', 'busy', 'rejecting', 'gone', 'hanging', 'slow', 'flaky'] as const;
export type Mood = (typeof moods)[number];

/** Below the service's timeout by far, and above what a workflow task waits. */
const slowMs = 700;

/** What a partner in this mood answers; `chance` is in [0, 1). */
export function answerOf(mood: Mood, chance: number): Answer {
  switch (mood) {
    case 'well':
      return { status: 200 };
    case 'failing':
      return { status: 500 };
    case 'busy':
      return { status: 429, headers: { 'retry-after': '1' } };
    case 'rejecting':
      return { status: 400 };
    case 'gone':
      return { status: 410 };
    case 'hanging':
      return { hang: true };
    case 'slow':
      return { status: 204, delayMs: slowMs };
    case 'flaky':
      if (chance < 0.1) return { hang: true };
      if (chance < 0.4) return { status: 503, delayMs: Math.round(chance * 300) };
      if (chance < 0.45) return { status: 404 };
      return { status: 200, delayMs: chance < 0.7 ? 0 : slowMs };
  }
}
