const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const clock = String.raw`(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})`;
/** RFC 9110 §5.6.7: a recipient accepts all three; all are in UTC. */
const dateForms = [
  new RegExp(String.raw`^\w{3}, (?<day>\d{2}) (?<month>\w{3}) (?<year>\d{4}) ${clock} GMT$`, 'i'), // IMF-fixdate
  new RegExp(String.raw`^\w{6,9}, (?<day>\d{2})-(?<month>\w{3})-(?<year>\d{2}) ${clock} GMT$`, 'i'), // RFC 850
  new RegExp(String.raw`^\w{3} (?<month>\w{3}) (?<day>[ \d]\d) ${clock} (?<year>\d{4})$`, 'i'), // asctime
];

/**
 * How long a `Retry-After` header asks to wait, in milliseconds from `now` (epoch milliseconds): RFC 9110 §10.2.3,
 * delay-seconds or an HTTP-date. 0 when it lies in the past, is malformed or absent: then the schedule alone rules.
 */
export function retryAfterMs(header: string | null, now: number): number {
  const value = header?.trim() ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const date = parseHttpDate(value, now);
  return date === null ? 0 : Math.max(0, date - now);
}

function parseHttpDate(value: string, now: number): number | null {
  for (const form of dateForms) {
    const parts = form.exec(value)?.groups;
    if (!parts) continue;
    const month = months.indexOf((parts.month ?? '').toLowerCase());
    if (month < 0) return null;
    const year = fullYear(parts.year ?? '', now);
    return Date.UTC(year, month, Number(parts.day), Number(parts.hour), Number(parts.minute), Number(parts.second));
  }
  return null;
}

/** RFC 9110 §5.6.7: a two-digit year more than 50 years ahead is the most recent past year with these digits. */
function fullYear(digits: string, now: number): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}
