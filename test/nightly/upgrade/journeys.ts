import { leadSubject } from '../../../src/domain/ids.ts';
import { eventually } from '../../support/eventually.ts';
import { aLead, type InboundEvent, type LeadEvents } from '../../support/lead-events.ts';
import type { Way } from '../../faults/backend.ts';
import type { Organization, Rig } from '../../faults/rig.ts';

/** Something that waits in one way: brought there under the old release, finished under the new one. */
export interface State {
  name: string;
  /** Ids of the workflows that the old release began for it. */
  subjects: string[];
  /** What it waits for comes, and the steps that are left. */
  finish(): Promise<unknown>;
  /** Resolves when all of it is where it belongs. */
  arrived(): Promise<unknown>;
}

/** Takes what is to be closed when all is over. */
export type AtEnd = (close: () => Promise<void>) => void;

export const arrivalMs = 60_000;

export const failing = () => ({ status: 500 });

/** What a partner takes of a lead that is told to its end. */
export const whole = ['lead.address_preview', 'lead.enriched', 'lead.rental_alert', 'lead.contact_requested'];

/** A lead that is told step by step. */
export interface Journey {
  lead: LeadEvents;
  subject: string;
  /** Resolves when the steps are accepted, one after the other. */
  tell(...events: InboundEvent[]): Promise<void>;
  /** Resolves when the partner has taken these, in this order. */
  taken(events: string[]): Promise<void>;
  takenAll(): Promise<void>;
}

export function aJourney({ backend, oracle }: Rig, { id, partner }: Organization, way: Way = 'http'): Journey {
  const lead = aLead(id);
  const taken = (events: string[]): Promise<void> =>
    eventually(() => {
      const found = oracle.taken(partner.url, lead.leadId);
      if (found.join() !== events.join()) throw new Error(`lead ${lead.leadId}: taken are ${found.join() || 'none'}`);
    }, arrivalMs);
  return {
    lead,
    subject: leadSubject(id, lead.leadId),
    tell: (...events) => backend.send(id, way, { steps: () => events }).accepted,
    taken,
    takenAll: () => taken(whole),
  };
}

export const several = (rig: Rig, organization: Organization, count: number, way?: Way): Journey[] =>
  Array.from({ length: count }, () => aJourney(rig, organization, way));

export const forEach = (journeys: readonly Journey[], work: (journey: Journey) => Promise<unknown>): Promise<unknown> =>
  Promise.all(journeys.map(work));

export const subjectsOf = (journeys: readonly Journey[]): string[] => journeys.map(({ subject }) => subject);
