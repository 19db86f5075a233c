import { useEffect, useState } from 'react';

const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
/** With the name of the reader's time zone. */
const zoned = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'narrow' });

/** `3min ago`, `in 2h`; `now` within two seconds. */
export function ago(moment: number, now: number): string {
  const difference = moment - now;
  if (Math.abs(difference) < 2_000) return 'now';
  const [unit, ms] = units.find(([, size]) => Math.abs(difference) >= size) ?? (['second', 1_000] as const);
  return relative.format(Math.trunc(difference / ms), unit);
}

export const atTime = (moment: string): string => absolute.format(new Date(moment));
export const atClock = (moment: string): string => clock.format(new Date(moment));

/** Milliseconds as a person says them: `85 ms`, `2.4 s`, `3 min`, `5 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${(ms / 3_600_000).toFixed(ms < 36_000_000 ? 1 : 0)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** The time now, renewed every `everyMs`. */
export function useNow(everyMs = 10_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** A moment relative to now; the exact one is its title. */
export function Ago({ at }: { at: string | null }) {
  const now = useNow();
  if (at === null) return <span className="muted">–</span>;
  return (
    <time dateTime={at} title={zoned.format(new Date(at))}>
      {ago(new Date(at).getTime(), now)}
    </time>
  );
}

/** A moment in full, by the reader's clock; its title names the time zone. */
export const At = ({ at }: { at: string | null }) =>
  at === null ? (
    <span className="muted">–</span>
  ) : (
    <time dateTime={at} title={zoned.format(new Date(at))}>
      {atTime(at)}
    </time>
  );
