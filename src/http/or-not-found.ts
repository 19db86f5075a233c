import { ApiError } from '../errors.ts';

/** What was looked for. @throws `not_found` when there is none */
export function orNotFound<Value>(value: Value | null | undefined, detail?: string): Value {
  if (value === null || value === undefined) throw new ApiError('not_found', detail);
  return value;
}
