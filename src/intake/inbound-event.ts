import { leadSubject, widgetSubject } from '../domain/ids.ts';
import { type InputIssue, InvalidEventError } from '../errors.ts';
import { type ParsedEvent, parseInbound } from '../schemas/inbound.ts';

/** One event that came in: what it says, what it is ordered by, and how errors name it. */
export interface InboundEvent {
  parsed: ParsedEvent;
  subject: string;
  /** `[2]` in an array, empty for a single event. */
  place: string;
}

/** @throws `InvalidEventError` with every issue of the event */
export function readEvent(input: unknown, place = ''): InboundEvent {
  const parsed = parseInbound(input);
  const subject =
    parsed.kind === 'lead' ? leadSubject(parsed.organizationId, parsed.leadId) : widgetSubject(parsed.widgetId);
  return { parsed, subject, place };
}

/**
 * Reads all events of an array, or none.
 * @throws `InvalidEventError` with the issues of every event, its place before the path (`[2].data.object.leadId`)
 */
export function readEvents(inputs: readonly unknown[]): InboundEvent[] {
  const issues: InputIssue[] = [];
  const events = inputs.flatMap((input, index) => {
    const place = `[${index}]`;
    try {
      return [readEvent(input, place)];
    } catch (error) {
      if (!(error instanceof InvalidEventError)) throw error;
      for (const issue of error.issues) issues.push(issueOf({ place }, issue));
      return [];
    }
  });
  if (issues.length > 0) throw new InvalidEventError(issues);
  return events;
}

/** An issue of this event as errors about the whole array name it. */
export const issueOf = ({ place }: Pick<InboundEvent, 'place'>, { path, message }: InputIssue): InputIssue => ({
  path: place === '' ? path : path === '$' ? place : `${place}.${path}`,
  message,
});
