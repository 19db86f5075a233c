import { invalidBody } from '../errors.ts';

/**
 * The range of time of a recovery; it ends now, unless told.
 * @throws `invalid_body` when it is the wrong way round
 */
export function rangeOf({ since, until }: { since: string; until?: string | undefined }): { since: Date; until: Date } {
  const range = { since: new Date(since), until: until === undefined ? new Date() : new Date(until) };
  if (range.since <= range.until) return range;
  const bound = until === undefined ? 'not in the future' : 'not after until';
  throw invalidBody([{ path: 'since', message: `expected a time ${bound}` }]);
}
