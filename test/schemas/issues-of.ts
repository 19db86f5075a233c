import { type InputIssue, InvalidEventError } from '../../src/errors.ts';
import { parseInbound } from '../../src/schemas/inbound.ts';

/** What is wrong with an inbound event; empty: nothing. */
export function issuesOf(input: unknown): readonly InputIssue[] {
  try {
    parseInbound(input);
  } catch (error) {
    if (error instanceof InvalidEventError) return error.issues;
    throw error;
  }
  return [];
}

/** `path: message`, joined as an error says them. */
export const said = (input: unknown): string[] => issuesOf(input).map(({ path, message }) => `${path}: ${message}`);
