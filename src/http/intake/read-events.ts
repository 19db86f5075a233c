import { ApiError, type InputIssue, InvalidEventError } from '../../errors.ts';
import { parseInbound } from '../../schemas/inbound.ts';
import { type InboundEvent, inboundEvent, pathIn } from '../../intake/inbound-event.ts';

export const maxEventsPerRequest = 100;

/**
 * Validates the whole request: one event, or an array of 1 to 100. The issues of every event are named, in an array with
 * the event's place before the path (`[2].data.object.leadId`).
 * @throws `invalid_body`; nothing is applied then
 */
export function readEvents(body: unknown): InboundEvent[] {
  if (!Array.isArray(body)) return [inboundEvent(parseInbound(body), '')];
  if (body.length === 0 || body.length > maxEventsPerRequest) {
    throw invalid([{ path: '$', message: `expected 1 to ${maxEventsPerRequest} events` }]);
  }
  const events: InboundEvent[] = [];
  const issues: InputIssue[] = [];
  for (const [index, input] of body.entries()) {
    const place = `[${index}]`;
    try {
      events.push(inboundEvent(parseInbound(input), place));
    } catch (error) {
      if (!(error instanceof InvalidEventError)) throw error;
      for (const { path, message } of error.issues) issues.push({ path: pathIn({ place }, path), message });
    }
  }
  if (issues.length > 0) throw invalid(issues);
  return events;
}

/** The detail joins the issues, `path: message`, as that of a single event does. */
export const invalid = (issues: InputIssue[]): ApiError => {
  const { message } = new InvalidEventError(issues);
  return new ApiError('invalid_body', message, { issues });
};
