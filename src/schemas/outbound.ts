import { z } from 'zod';
import { type Availability, availability, eventNames, leadStatusOf } from '../domain/event-table.ts';
import type { EventType, LeadStatus } from '../domain/lead.ts';
import {
  addressPreviewData,
  contactRequestedData,
  enrichedData,
  rentalAlertData,
  widgetStatusChangedData,
} from './outbound-data.ts';
import { sampleBody } from './samples.ts';

/** One kind of event a partner can subscribe to, as the API documents it. */
interface EventTypeDescription {
  event: EventType;
  description: string;
  availability: Availability;
  /** The status that a lead event stands for; null for a widget's. */
  leadStatus: LeadStatus | null;
  /** The whole body, envelope included. */
  schema: z.ZodType;
  /** The same as JSON Schema (draft 2020-12), self-contained. */
  jsonSchema: z.core.JSONSchema.BaseSchema;
  example: object;
}

const envelopeOf = <Type extends EventType, Data extends z.ZodType>(
  type: Type,
  id: string,
  description: string,
  data: Data,
) =>
  z
    .object({
      event: z.literal(type),
      event_id: z.uuidv4().meta({
        description: 'For deduplication: the same at every endpoint, on every retry and every resend',
      }),
      timestamp: z.iso.datetime().meta({ description: 'When the event was emitted, UTC' }),
      organization_id: z.guid(),
      data,
    })
    .meta({ id, description });

const schemas = {
  'lead.address_preview': envelopeOf(
    'lead.address_preview',
    'LeadAddressPreview',
    'A homeowner entered an address. No name, no contact, no score yet.',
    addressPreviewData,
  ),
  'lead.enriched': envelopeOf(
    'lead.enriched',
    'LeadEnriched',
    'The lead is known and its enrichment is complete: contact, property, roof estimate, scores, sales hacks.',
    enrichedData,
  ),
  'lead.rental_alert': envelopeOf(
    'lead.rental_alert',
    'LeadRentalAlert',
    'The owner does not live in the property. Follows `lead.enriched`.',
    rentalAlertData,
  ),
  'lead.contact_requested': envelopeOf(
    'lead.contact_requested',
    'LeadContactRequested',
    'The homeowner asks to be contacted, and says how. Follows `lead.enriched`.',
    contactRequestedData,
  ),
  'widget.status_changed': envelopeOf(
    'widget.status_changed',
    'WidgetStatusChanged',
    'A widget was switched on or off.',
    widgetStatusChangedData,
  ),
} satisfies Record<EventType, z.ZodType>;

/** The schema of each event's whole body. */
export const outboundSchemas: Readonly<typeof schemas> = schemas;

/** Every event a partner can receive, in the order of the table of spec section 1. */
export const eventTypes: readonly EventTypeDescription[] = eventNames.map((event) => ({
  event,
  description: schemas[event].description ?? '',
  availability: availability[event],
  leadStatus: event === 'widget.status_changed' ? null : leadStatusOf[event],
  schema: schemas[event],
  jsonSchema: toJsonSchema(schemas[event]),
  example: JSON.parse(sampleBody(event)) as object,
}));

/** As an input, so that it stays open: fields may be added, and a receiver's validator must not refuse them. */
function toJsonSchema(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    // The format says it; the pattern is zod's own business and unreadable.
    override: ({ jsonSchema }) => {
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
    },
  });
}
