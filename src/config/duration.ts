import { z } from 'zod';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof unitMs;

const form = /^(\d{1,9})(ms|s|m|h|d)$/;
const example = 'expected a duration such as 500ms, 5s, 10m, 4h or 30d';

/** A duration as people write it, `500ms 5s 10m 4h 30d`, read as milliseconds; from `least` to `most`. */
export const duration = ({ least = '0ms', most = '3650d' }: { least?: string; most?: string } = {}) =>
  z.string().transform((text, context): number => {
    const value = parseDuration(text);
    if (value !== null && value >= (parseDuration(least) ?? 0) && value <= (parseDuration(most) ?? 0)) return value;
    context.addIssue({
      code: 'custom',
      message: value === null ? example : `expected a duration from ${least} to ${most}`,
    });
    return z.NEVER;
  });

/** At most `count` durations of at most `most` each, separated by commas. */
export const durations = ({ most, count }: { most: string; count: number }) =>
  z.string().transform((text, context): number[] => {
    const values = text.split(',').map((part) => parseDuration(part.trim()));
    const known = values.filter((value) => value !== null);
    const mostMs = parseDuration(most) ?? 0;
    if (known.length === values.length && known.length <= count && known.every((value) => value <= mostMs))
      return known;
    context.addIssue({
      code: 'custom',
      message: `expected at most ${count} durations of at most ${most}, separated by commas, such as 1m,10m,1h,4h`,
    });
    return z.NEVER;
  });

function parseDuration(text: string): number | null {
  const [, amount, unit] = form.exec(text) ?? [];
  return amount === undefined ? null : Number(amount) * unitMs[unit as Unit];
}
