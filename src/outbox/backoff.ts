/**
 * Waits between tries (milliseconds): doubling from the first to the longest, ±20 % so that many do not come at once.
 */
export const backoffMs = (
  failures: number,
  { firstMs, longestMs }: { firstMs: number; longestMs: number },
  random: () => number = Math.random,
): number => Math.min(longestMs, firstMs * 2 ** Math.min(failures, 30)) * (0.8 + 0.4 * random());
