const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** A duration as people say it, in the largest unit that is exact: `4 hours`, `90 minutes`, `1 day`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.round(durationMs / 1_000) * 1_000;
  if (seconds === 0) return 'a moment';
  const [name, unitMs] = units.find(([, ms]) => seconds >= ms && seconds % ms === 0) ?? units[3];
  const amount = seconds / unitMs;
  return `${amount} ${name}${amount === 1 ? '' : 's'}`;
}

/** `2026-11-20 14:02:07 UTC`: readers are in more than one time zone. */
export const utc = (time: Date): string => `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/**
 * The first `length` characters of text that came from outside, fit for a mail: without control characters, which some
 * readers obey, and without the ones that turn the direction of what follows.
 */
export function excerpt(text: string, length: number): string {
  const characters = Array.from(text.replaceAll('\r\n', '\n').replace(unprintable, '\u{fffd}'));
  return characters.length <= length ? characters.join('') : `${characters.slice(0, length).join('')}…`;
}

const unprintable = /[^\P{Cc}\t\n]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Cs}/gu;
