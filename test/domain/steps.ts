import type { LeadFacts, LeadStatus, LeadStep } from '../../src/domain/lead.ts';
import { address, contact, enrichment as facts } from '../support/lead-facts.ts';

export const organizationId = '11111111-1111-4111-8111-111111111111';
export const leadId = '22222222-2222-4222-8222-222222222222';

/** Of a house that its owner lives in: no rental alert. */
const enrichment: LeadFacts = { ...facts, property: { ...facts.property, owner_occupied: true } };

let count = 0;

/** A step with an id of its own, a minute after the one made before it. */
function aStep(given: Partial<LeadStep> & Pick<LeadStep, 'name' | 'event'>): LeadStep {
  count += 1;
  return {
    id: `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`,
    fingerprint: 'f'.repeat(64),
    occurredAt: Date.UTC(2026, 0, 1) + count * 60_000,
    mode: 'prod',
    ...given,
    facts: given.facts ?? {},
  };
}

const updated = (
  lead_status: LeadStatus,
  name: LeadStep['name'],
  facts: LeadFacts,
  given: Partial<LeadStep>,
): LeadStep =>
  aStep({ name, event: 'lead.updated', lead_status, ...given, facts: { address, ...facts, ...given.facts } });

export const addressStep = (given: Partial<LeadStep> = {}): LeadStep =>
  updated('address_info_provided', 'address', {}, { event: 'lead.created', ...given });

export const detailsStep = (given: Partial<LeadStep> = {}): LeadStep =>
  updated('project_details_provided', 'details', { project_details: { reason: 'Hail' } }, given);

export const personalStep = (given: Partial<LeadStep> = {}): LeadStep =>
  updated('personal_info_and_estimate_provided', 'enrichment', { contact }, given);

/** The personal step that already carries all four enriched groups: it counts as both. */
export const personalAndEnrichedStep = (given: Partial<LeadStep> = {}): LeadStep =>
  personalStep({ ...given, facts: { ...enrichment, ...given.facts } });

export const contactStep = (given: Partial<LeadStep> = {}): LeadStep =>
  updated('contact_info_provided', 'contact', { contact, contact_preference: { method: 'phone' } }, given);

export const reportStep = (given: Partial<LeadStep> = {}): LeadStep =>
  aStep({ name: 'enrichment', event: 'lead.enrichment_completed', ...given, facts: { ...enrichment, ...given.facts } });

/** Freezes all of a value, so that whoever changes it throws. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const field of Object.values(value)) deepFreeze(field);
  }
  return value;
}
