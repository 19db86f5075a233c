import { z } from 'zod';
import { type LeadStatus, leadStatuses } from '../domain/lead.ts';
import { inboundTimestamp, text, uuid } from './fields.ts';
import { addressInfo, contactPreference, enrichedGroups, optionalGroups, personalInfo } from './vendor-groups.ts';

const leadObject = z.object({
  referenceId: uuid.meta({ description: 'The organization' }),
  leadId: uuid,
  flowId: uuid,
  leadStatus: z.enum(leadStatuses),
  addressInfo,
  ...optionalGroups,
});
export type LeadObject = z.output<typeof leadObject>;

/** What a status requires beyond what every lead object holds (spec section 2). */
const leadObjectAt = {
  address_info_provided: leadObject.extend({ leadStatus: z.literal('address_info_provided') }),
  project_details_provided: leadObject.extend({ leadStatus: z.literal('project_details_provided') }),
  personal_info_and_estimate_provided: leadObject.extend({
    leadStatus: z.literal('personal_info_and_estimate_provided'),
    personalInfo,
  }),
  contact_info_provided: leadObject.extend({
    leadStatus: z.literal('contact_info_provided'),
    personalInfo,
    contactPreference,
  }),
} satisfies Record<LeadStatus, z.ZodType<LeadObject>>;

const groupNames = Object.keys(enrichedGroups) as (keyof typeof enrichedGroups)[];

const reportObject = z
  .object({
    referenceId: uuid.meta({ description: 'The organization' }),
    leadId: uuid,
    flowId: uuid.nullish(),
    leadStatus: z.enum(leadStatuses).nullish(),
    addressInfo: addressInfo.nullish(),
    ...optionalGroups,
  })
  .refine((report) => groupNames.some((name) => report[name] !== null && report[name] !== undefined), {
    error: `expected at least one of ${groupNames.join(', ')}`,
    // Said beside the other issues, not only once they are mended.
    when: ({ value }) => typeof value === 'object' && value !== null,
  });
export type ReportObject = z.output<typeof reportObject>;

const widgetStatus = z.enum(['active', 'inactive']);

const widgetObject = z.object({
  referenceId: uuid.meta({ description: 'The widget' }),
  organizationId: uuid.nullish(),
  widgetType: text.nullish(),
  // Not part of the contract: other types are ignored like unknown fields.
  name: text.nullish().catch(null),
  version: text.nullish().catch(null),
  status: widgetStatus,
  changedBy: z.enum(['system', 'admin']).nullish(),
});

const envelope = {
  id: uuid.meta({ description: 'Applied once, for ever' }),
  timestamp: inboundTimestamp.meta({
    description: 'When it happened, at most 24 h ahead of now; the newest non-null value of a field wins',
  }),
  mode: z.enum(['prod', 'sandbox']).nullish().meta({ description: '`prod` when not given' }),
  version: z.literal('1.0').nullish(),
  metadata: z.looseObject({}).nullish(),
};

const leadEventNames = ['lead.created', 'lead.updated'] as const;
const widgetEventNames = ['widget.created', 'widget.updated'] as const;

const leadEvent = <Lead extends z.ZodType<LeadObject>>(object: Lead) =>
  z.object({ ...envelope, event: z.enum(leadEventNames), data: z.object({ object }) });

const reportEvent = z.object({
  ...envelope,
  event: z.literal('lead.enrichment_completed'),
  data: z.object({ object: reportObject }),
});

const widgetEvent = z.object({
  ...envelope,
  event: z.enum(widgetEventNames),
  data: z.object({
    object: widgetObject,
    previousObject: z.object({ status: widgetStatus.nullish() }).nullish(),
  }),
});

const anyLeadEvent = leadEvent(leadObject);
export type LeadEvent = z.output<typeof anyLeadEvent>;
export type ReportEvent = z.output<typeof reportEvent>;
export type WidgetEvent = z.output<typeof widgetEvent>;
export type VendorEvent = LeadEvent | ReportEvent | WidgetEvent;

const leadEventAt: Record<LeadStatus, z.ZodType<LeadEvent>> = {
  address_info_provided: leadEvent(leadObjectAt.address_info_provided),
  project_details_provided: leadEvent(leadObjectAt.project_details_provided),
  personal_info_and_estimate_provided: leadEvent(leadObjectAt.personal_info_and_estimate_provided),
  contact_info_provided: leadEvent(leadObjectAt.contact_info_provided),
};

/** Finds fault with all the rest of an event whose name says nothing; it is never valid. */
const nameless: z.ZodType<never> = z
  .object({
    ...envelope,
    event: z.enum([...leadEventNames, 'lead.enrichment_completed', ...widgetEventNames]),
    data: z.object({ object: z.looseObject({}) }),
  })
  .pipe(z.never());

/**
 * The schema that `input` must fit. A union would find fault with an unknown name or status and stop there; all issues
 * are to be listed.
 */
export function schemaFor(input: unknown): z.ZodType<VendorEvent> {
  switch (at(input, 'event')) {
    case 'lead.created':
    case 'lead.updated':
      return leadSchemaFor(at(at(at(input, 'data'), 'object'), 'leadStatus'));
    case 'lead.enrichment_completed':
      return reportEvent;
    case 'widget.created':
    case 'widget.updated':
      return widgetEvent;
    default:
      return nameless;
  }
}

/** One inbound event, for the API's documentation. */
export const inboundEvent = z
  .union([
    leadEvent(
      z.discriminatedUnion('leadStatus', [
        leadObjectAt.address_info_provided,
        leadObjectAt.project_details_provided,
        leadObjectAt.personal_info_and_estimate_provided,
        leadObjectAt.contact_info_provided,
      ]),
    ).meta({ id: 'InboundLeadEvent' }),
    reportEvent.meta({ id: 'InboundEnrichmentReport', description: 'The write-back: at least one enriched group' }),
    widgetEvent.meta({ id: 'InboundWidgetEvent' }),
  ])
  .meta({ id: 'InboundEvent' });

function leadSchemaFor(status: unknown): z.ZodType<LeadEvent> {
  const known = leadStatuses.find((name) => name === status);
  return known === undefined ? anyLeadEvent : leadEventAt[known];
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
