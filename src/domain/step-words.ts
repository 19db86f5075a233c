import type { StepMeaning } from './event-table.ts';
import type { LeadStatus } from './lead.ts';

/** A step of a lead's journey. */
export type JourneyStep = keyof StepMeaning;

/** What each is called wherever people read of it: the API's timeline, the console, Temporal's UI. */
export const stepWords: Readonly<Record<JourneyStep, string>> = {
  address: 'address',
  details: 'project details',
  personal: 'person',
  enrichment: 'enrichment write-back',
  contact: 'contact request',
};

const stepOfStatus: Readonly<Record<string, JourneyStep>> = {
  address_info_provided: 'address',
  project_details_provided: 'details',
  personal_info_and_estimate_provided: 'personal',
  contact_info_provided: 'contact',
} satisfies Record<LeadStatus, JourneyStep>;

/** The step that an inbound event is first of all, by what the ledger keeps of it; null: it does not tell. */
export const stepOf = (event: string, status: string | null): JourneyStep | null =>
  event === 'lead.enrichment_completed' ? 'enrichment' : (stepOfStatus[status ?? ''] ?? null);
