import type { Delivery, Schemas } from '../api/client.ts';

export const deliveryStatuses = [
  'pending',
  'delivering',
  'retrying',
  'held',
  'delivered',
  'abandoned',
] as const satisfies Delivery['status'][];
export const eventNames = [
  'lead.address_preview',
  'lead.enriched',
  'lead.rental_alert',
  'lead.contact_requested',
  'widget.status_changed',
] as const;
export const leadStages = [
  'new',
  'waiting_for_details',
  'waiting_for_enrichment',
  'enriched',
  'contact_requested',
  'complete',
  'erased',
] as const satisfies Schemas['LeadSummary']['stage'][];
export const windows = ['1h', '24h', '7d'] as const;

export type Status = (typeof deliveryStatuses)[number];
export type EventName = (typeof eventNames)[number];
export type Stage = (typeof leadStages)[number];
export type Window = (typeof windows)[number];

/** What the address of the list of deliveries says; what it says wrong is left out. */
export interface DeliveryFilter {
  status?: Status;
  event?: EventName;
  endpoint_id?: string;
  lead_id?: string;
  since?: string;
  until?: string;
}

const oneOf = <Value extends string>(known: readonly Value[], given: unknown): Value | undefined =>
  known.find((value) => value === given);
const uuid = (given: unknown): string | undefined =>
  typeof given === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(given)
    ? given.toLowerCase()
    : undefined;
const moment = (given: unknown): string | undefined =>
  typeof given === 'string' && !Number.isNaN(Date.parse(given)) ? new Date(given).toISOString() : undefined;

const defined = <Given extends object>(given: Given) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Given]?: Exclude<Given[Key], undefined>;
  };

export const readDeliveryFilter = (search: Record<string, unknown>): DeliveryFilter =>
  defined({
    status: oneOf(deliveryStatuses, search.status),
    event: oneOf(eventNames, search.event),
    endpoint_id: uuid(search.endpoint_id),
    lead_id: uuid(search.lead_id),
    since: moment(search.since),
    until: moment(search.until),
  });

export const readLeadFilter = (search: Record<string, unknown>): { stage?: Stage } =>
  defined({ stage: oneOf(leadStages, search.stage) });

export const readWindow = (search: Record<string, unknown>): { window?: Window } =>
  defined({ window: oneOf(windows, search.window) });
