import { type JourneyStep, stepOf, stepWords } from '../../../../src/domain/step-words.ts';
import type { Delivery, Endpoint } from '../../api/client.ts';
import type { Lead } from './lead.tsx';

export const steps: { key: JourneyStep; label: string }[] = [
  { key: 'address', label: 'Address' },
  { key: 'details', label: 'Project' },
  { key: 'personal', label: 'Person' },
  { key: 'enrichment', label: 'Enrichment' },
  { key: 'contact', label: 'Contact' },
];

/** When each step was received; a missing key is a step that has not come. */
export function seenSteps({ steps: received, events }: Lead): Partial<Record<JourneyStep, string>> {
  const applied = received.filter(({ outcome }) => outcome !== 'ignored' && outcome !== 'refused');
  const first = (matches: (step: Lead['steps'][number]) => boolean) => applied.find(matches)?.received_at;
  const firstOf = (key: JourneyStep) => first(({ event, lead_status }) => stepOf(event, lead_status) === key);
  const enriched = events.find(({ event }) => event === 'lead.enriched')?.occurred_at;
  const found = {
    address: first(({ event, lead_status }) => event === 'lead.created' || stepOf(event, lead_status) === 'address'),
    details: firstOf('details'),
    personal: firstOf('personal') ?? firstOf('contact'),
    // An update may carry the enrichment as well; then the event it made due tells.
    enrichment: firstOf('enrichment') ?? enriched,
    contact: firstOf('contact'),
  };
  return Object.fromEntries(Object.entries(found).filter(([, at]) => at !== undefined));
}

export interface Gate {
  event: string;
  needs: JourneyStep[];
  /** When it was emitted; null: not yet. */
  emittedAt: string | null;
  /** What it waits for, or why it will not come. */
  words: string;
  isOff: boolean;
}

/** The event table as this lead has it: what each event needs, and what of that is there. */
export function gatesOf(lead: Lead): Gate[] {
  const seen = seenSteps(lead);
  const emitted = new Map(lead.events.map(({ event, occurred_at }) => [event, occurred_at]));
  const enriched = emitted.get('lead.enriched') ?? null;
  const gate = (event: string, needs: JourneyStep[], words: string, isOff = false): Gate => {
    const emittedAt = emitted.get(event) ?? null;
    return {
      event,
      needs,
      emittedAt,
      words: emittedAt === null ? words : 'emitted',
      isOff: emittedAt === null && isOff,
    };
  };
  const missing = (needs: JourneyStep[]) => needs.filter((need) => seen[need] === undefined);
  return [
    gate(
      'lead.address_preview',
      ['address'],
      enriched === null ? 'waits for the address' : 'the lead was enriched first',
      enriched !== null,
    ),
    gate('lead.enriched', ['personal', 'enrichment'], waitsFor(missing(['personal', 'enrichment']))),
    gate(
      'lead.rental_alert',
      ['enrichment'],
      enriched === null ? 'if the owner lives elsewhere' : 'not a rental, as far as known',
      enriched !== null,
    ),
    gate(
      'lead.contact_requested',
      ['contact'],
      seen.contact !== undefined && enriched === null ? 'waits for lead.enriched' : waitsFor(missing(['contact'])),
    ),
  ];
}

const waitsFor = (missing: JourneyStep[]): string =>
  missing.length === 0 ? 'due now' : `waits for ${missing.map((step) => `the ${stepWords[step]}`).join(' and ')}`;

/** Where the lead stands, in one sentence. */
export function leadWords(lead: Lead): string {
  if (lead.stage === 'erased') return 'Its personal data was erased.';
  if (lead.stage === 'waiting_for_enrichment') {
    return seenSteps(lead).contact === undefined
      ? 'It waits for the enrichment write-back.'
      : 'Contact was asked for; it waits for the enrichment write-back.';
  }
  const open = lead.deliveries.filter(({ status }) => status !== 'delivered' && status !== 'abandoned').length;
  if (open > 0) return `${open} ${open === 1 ? 'delivery is' : 'deliveries are'} not settled.`;
  return lead.deliveries.length === 0 ? 'Nothing was sent yet.' : 'Everything emitted is settled.';
}

export interface Lane {
  endpointId: string;
  /** Null: the endpoint was deleted. */
  endpoint: Endpoint | null;
  /** In order of sequence. */
  deliveries: Delivery[];
}

/** A lane per endpoint that has a delivery of this lead, and per endpoint that would get the next one. */
export function lanesOf(lead: Lead, endpoints: Endpoint[]): Lane[] {
  const known = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const ofMode = endpoints.filter(({ mode }) => lead.mode === null || mode === lead.mode);
  const ids = new Set([...ofMode.map(({ id }) => id), ...lead.deliveries.map(({ endpoint_id }) => endpoint_id)]);
  return [...ids].map((endpointId) => ({
    endpointId,
    endpoint: known.get(endpointId) ?? null,
    deliveries: lead.deliveries
      .filter(({ endpoint_id }) => endpoint_id === endpointId)
      .sort((a, b) => a.sequence - b.sequence),
  }));
}

/** The delivery that everything behind it waits for; null: none. */
export const headOf = ({ deliveries }: Lane): Delivery | null =>
  deliveries.find((delivery) => !isSettled(delivery)) ?? null;

/** `#1–#2 delivered · #3 retrying · #4 waits for #3`. */
export function laneWords(lane: Lane): string {
  const { deliveries, endpoint } = lane;
  if (deliveries.length === 0) return endpoint === null ? 'deleted' : 'nothing sent yet';
  const head = headOf(lane);
  const waits = (delivery: Delivery) => head !== null && delivery.sequence > head.sequence && !isSettled(delivery);
  const runs: { words: string; from: number; to: number }[] = [];
  for (const delivery of deliveries) {
    const words = waits(delivery) ? 'waits' : statusWords(delivery);
    const last = runs.at(-1);
    if (last?.words === words) last.to = delivery.sequence;
    else runs.push({ words, from: delivery.sequence, to: delivery.sequence });
  }
  return runs
    .map(({ words, from, to }) => {
      const which = from === to ? `#${from}` : `#${from}–#${to}`;
      if (words !== 'waits') return `${which} ${words}`;
      return `${which} ${from === to ? 'waits' : 'wait'} for #${head?.sequence}`;
    })
    .join(' · ');
}

const isSettled = ({ status }: Delivery): boolean => status === 'delivered' || status === 'abandoned';

const statusWords = ({ status, reason }: Delivery): string =>
  status === 'abandoned' ? `abandoned (${reason?.replaceAll('_', ' ')})` : status;
