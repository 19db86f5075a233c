import type { LeadStep, WidgetStep } from '../domain/lead.ts';
import { InvalidEventError } from '../errors.ts';
import { fingerprint } from './fingerprint.ts';
import { schemaFor, type VendorEvent } from './inbound-events.ts';
import { parseWith, rootPath } from './issues.ts';
import { toLeadStep, toWidgetStep } from './vendor.ts';

/** Of one event, as UTF-8 bytes of its JSON (spec section 2). */
export const maxEventBytes = 256 * 1024;

export type ParsedEvent =
  | { kind: 'lead'; organizationId: string; leadId: string; step: LeadStep }
  | { kind: 'widget'; widgetId: string; step: WidgetStep };

/**
 * Validates one inbound event and maps it to our words. Throws `InvalidEventError` with every issue: paths like
 * `data.object.addressInfo.zip`, `$` for the event as a whole.
 */
export function parseInbound(input: unknown): ParsedEvent {
  assertSize(input);
  const { value: event, issues } = parseWith(schemaFor(input), input);
  if (issues !== null) throw new InvalidEventError(issues);
  const print = fingerprint(contentOf(event));
  switch (event.event) {
    case 'widget.created':
    case 'widget.updated':
      return { kind: 'widget', widgetId: event.data.object.referenceId, step: toWidgetStep(event, print) };
    default: {
      const { referenceId, leadId } = event.data.object;
      return { kind: 'lead', organizationId: referenceId, leadId, step: toLeadStep(event, print) };
    }
  }
}

/**
 * The content by which a repeat is told from a conflict: one moment is one spelling, and metadata
 * changes nothing here.
 */
function contentOf({ version: _version, metadata: _metadata, ...event }: VendorEvent): object {
  return { ...event, timestamp: new Date(event.timestamp).toISOString(), mode: event.mode ?? 'prod' };
}

function assertSize(input: unknown): void {
  const bytes = Buffer.byteLength(toJson(input) ?? '');
  if (bytes > maxEventBytes) {
    throw new InvalidEventError([{ path: rootPath, message: `expected at most ${maxEventBytes} bytes` }]);
  }
}

/** Undefined for what JSON cannot say. Cycles, bigints and nesting deeper than the stack throw. */
function toJson(input: unknown): string | undefined {
  try {
    return JSON.stringify(input);
  } catch {
    throw new InvalidEventError([{ path: rootPath, message: 'expected JSON' }]);
  }
}
