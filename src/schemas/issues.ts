import type { z } from 'zod';
import type { InputIssue } from '../errors.ts';

/** The path of an issue that is about the whole input. */
export const rootPath = '$';

/** What is wrong with `input`, every issue of it, in words that never hold a value; empty when it fits `schema`. */
export function parseWith<T>(
  schema: z.ZodType<T>,
  input: unknown,
): { value: T; issues: null } | { value: null; issues: InputIssue[] } {
  const result = schema.safeParse(input, { error: message });
  if (result.success) return { value: result.data, issues: null };
  return { value: null, issues: result.error.issues.map(({ path, message }) => ({ path: dotted(path), message })) };
}

/** `data.object.insights.hacks.0.text` */
const dotted = (path: readonly PropertyKey[]): string => (path.length === 0 ? rootPath : path.map(String).join('.'));

/** For what a schema does not word itself. */
function message(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    default:
      return 'not valid';
  }
}
