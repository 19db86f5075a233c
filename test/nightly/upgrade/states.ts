import { randomBytes } from 'node:crypto';
import { leadSubject, widgetSubject } from '../../../src/domain/ids.ts';
import { eventually } from '../../support/eventually.ts';
import { aLead, type InboundEvent, type LeadEvents } from '../../support/lead-events.ts';
import { startReceiver } from '../../support/receiver.ts';
import { aWidget } from '../../support/widget-events.ts';
import type { Way } from '../../faults/backend.ts';
import { whenThereIs } from '../../faults/moments.ts';
import { healthy } from '../../faults/partner.ts';
import type { Organization, Rig } from '../../faults/rig.ts';
import { isClosed } from './histories.ts';

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

const arrivalMs = 60_000;

/** Waits that outlast the replacement of all processes, but for the ended lead's, which is over before it. */
export const environment = {
  ADDRESS_GRACE: '40s',
  IDLE_AFTER: '8s',
  ATTEMPT_TIMEOUT: '8s',
  RETRY_SCHEDULE: ['500ms', '1s', '2s', '4s', ...Array.from({ length: 60 }, () => '5s')].join(','),
};

const whole = ['lead.address_preview', 'lead.enriched', 'lead.rental_alert', 'lead.contact_requested'];
const failing = () => ({ status: 500 });
const slow = () => ({ delayMs: 4_000 });

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

const several = (rig: Rig, organization: Organization, count: number, way?: Way): Journey[] =>
  Array.from({ length: count }, () => aJourney(rig, organization, way));

export const forEach = (journeys: readonly Journey[], work: (journey: Journey) => Promise<unknown>): Promise<unknown> =>
  Promise.all(journeys.map(work));

const subjectsOf = (journeys: readonly Journey[]): string[] => journeys.map(({ subject }) => subject);
const pathOf = ({ id, partner }: Organization): string => `/v1/organizations/${id}/endpoints/${partner.endpointId}`;

/** Put away before the upgrade: what Postgres keeps of it was written by the old release. */
async function ended(rig: Rig): Promise<State> {
  const organization = await rig.organization();
  const journeys = several(rig, organization, 2);
  await forEach(journeys, async ({ lead, subject, tell, taken }) => {
    await tell(lead.created(), lead.personal({ enriched: true }));
    await taken(whole.slice(0, 3));
    await eventually(async () => {
      if (!(await isClosed(rig.cluster.temporal.address, subject))) throw new Error(`${subject} still runs`);
    });
  });
  return {
    name: 'a lead that was put away',
    subjects: subjectsOf(journeys),
    finish: () => forEach(journeys, ({ lead, tell }) => tell(lead.contact())),
    arrived: () => forEach(journeys, ({ takenAll }) => takenAll()),
  };
}

async function betweenSteps(rig: Rig): Promise<State> {
  const organization = await rig.organization();
  const journeys = (['http', 'client', 'outbox'] as const).map((way) => aJourney(rig, organization, way));
  await forEach(journeys, async ({ lead, tell, taken }) => {
    await tell(lead.created(), lead.details(), lead.personal());
    await taken(whole.slice(0, 1));
  });
  return {
    name: 'a lead between two steps',
    subjects: subjectsOf(journeys),
    finish: () => forEach(journeys, ({ lead, tell }) => tell(lead.enrichment(), lead.contact())),
    arrived: () => forEach(journeys, ({ takenAll }) => takenAll()),
  };
}

async function withoutEnrichment(rig: Rig): Promise<State> {
  const organization = await rig.organization();
  const journeys = several(rig, organization, 2);
  await forEach(journeys, async ({ lead, tell, taken }) => {
    await tell(lead.created(), lead.personal(), lead.contact());
    await taken(whole.slice(0, 1));
  });
  return {
    name: 'a lead that waits for its enrichment',
    subjects: subjectsOf(journeys),
    finish: () => forEach(journeys, ({ lead, tell }) => tell(lead.enrichment())),
    arrived: () => forEach(journeys, ({ takenAll }) => takenAll()),
  };
}

async function inGrace(rig: Rig): Promise<State> {
  const organization = await rig.organization();
  const [one, other] = several(rig, organization, 2) as [Journey, Journey];
  await forEach([one, other], ({ lead, tell }) => tell(lead.personal({ enriched: true })));
  return {
    name: 'leads in the grace for an address that comes, and for one that does not',
    subjects: subjectsOf([one, other]),
    finish: () => Promise.all([one.tell(one.lead.created(), one.lead.contact()), other.tell(other.lead.contact())]),
    arrived: () => Promise.all([one.takenAll(), other.taken(whole.slice(1))]),
  };
}

async function betweenAttempts(rig: Rig): Promise<State> {
  const organization = await rig.organization(failing);
  const journeys = several(rig, organization, 3);
  await forEach(journeys, ({ lead, tell }) => tell(lead.created(), lead.personal({ enriched: true }), lead.contact()));
  await eventually(() => {
    if (organization.partner.requests.length < 6) throw new Error('nothing was retried yet');
  });
  return {
    name: 'a lead between two attempts',
    subjects: subjectsOf(journeys),
    finish: async () => organization.partner.answer(healthy),
    arrived: () => forEach(journeys, ({ takenAll }) => takenAll()),
  };
}

async function held(rig: Rig): Promise<State> {
  const organization = await rig.organization();
  await rig.operator.insist('POST', `${pathOf(organization)}/pause`);
  const journeys = several(rig, organization, 5, 'client');
  await forEach(journeys, ({ lead, tell }) => tell(lead.created(), lead.personal({ enriched: true }), lead.contact()));
  return {
    name: 'leads held at a paused endpoint',
    subjects: subjectsOf(journeys),
    finish: () => rig.operator.insist('POST', `${pathOf(organization)}/resume`),
    arrived: () => forEach(journeys, ({ takenAll }) => takenAll()),
  };
}

/** The first held delivery is being tried, in vain, and the others wait for its success: more than are woken at once. */
async function inResume(rig: Rig): Promise<State> {
  const organization = await rig.organization(failing);
  const { partner } = organization;
  await rig.operator.insist('POST', `${pathOf(organization)}/pause`);
  const journeys = several(rig, organization, 60, 'client');
  await forEach(journeys, ({ lead, tell }) => tell(lead.created()));
  await rig.operator.insist('POST', `${pathOf(organization)}/resume`);
  await eventually(() => {
    if (partner.requests.length === 0) throw new Error('nothing is tried yet');
  });
  return {
    name: 'an endpoint in a resume',
    subjects: [...subjectsOf(journeys), `endpoint/${partner.endpointId}`],
    finish: async () => partner.answer(healthy),
    arrived: () => forEach(journeys, ({ taken }) => taken(whole.slice(0, 1))),
  };
}

async function waitingTheirTurn(rig: Rig): Promise<State> {
  const organization = await rig.organization(slow);
  const journeys = several(rig, organization, 70, 'client');
  await forEach(journeys, ({ lead, tell }) => tell(lead.created()));
  return {
    name: 'leads that wait for their turn at a slow endpoint',
    subjects: subjectsOf(journeys),
    finish: async () => organization.partner.answer(healthy),
    arrived: () => forEach(journeys, ({ taken }) => taken(whole.slice(0, 1))),
  };
}

/** A step large enough for a score of them to make a run continue as new, by the size of its history (bytes). */
const large = 200_000;
const isEnough = 24;

/** What one run hands to the next: of old to old, read by new; and, where `before` does not suffice, of old to new. */
async function continuedAsNew(rig: Rig, name: string, before: number): Promise<State> {
  const organization = await rig.organization();
  const { lead, subject, tell, taken, takenAll } = aJourney(rig, organization, 'client');
  const details = () =>
    lead.details({
      roofProjectDetails: { reason: 'Hail', startTime: 'Soon', details: randomBytes(large / 2).toString('hex') },
    });
  await tell(lead.created(), ...Array.from({ length: before }, details));
  await taken(whole.slice(0, 1));
  return {
    name,
    subjects: [subject],
    finish: () =>
      tell(...Array.from({ length: isEnough - before }, details), lead.personal({ enriched: true }), lead.contact()),
    arrived: async () => {
      await takenAll();
      await eventually(async () => {
        if ((await rig.workflowIds(subject)).length < 2) throw new Error(`${subject} did not continue as new`);
      });
    },
  };
}

async function widgetChanges(rig: Rig, atEnd: AtEnd): Promise<State> {
  const organization = await rig.organization();
  let isWell = false;
  const receiver = await startReceiver(() => ({ status: isWell ? 200 : 500 }));
  atEnd(receiver.close);
  await rig.operator.insist('POST', `/v1/organizations/${organization.id}/endpoints`, {
    url: `${receiver.url}/widgets`,
    events: ['widget.status_changed'],
  });
  const widget = aWidget(organization.id);
  const tell = (...events: InboundEvent[]) =>
    rig.backend.send(organization.id, 'http', { steps: () => events }).accepted;
  await tell(widget.updated('inactive', { previous: 'active' }));
  await eventually(() => {
    if (receiver.requests.length < 2) throw new Error('nothing was retried yet');
  });
  let refused = 0;
  return {
    name: 'a widget between two attempts',
    subjects: [widgetSubject(widget.widgetId)],
    async finish() {
      refused = receiver.requests.length;
      isWell = true;
      await tell(widget.updated('active'));
    },
    arrived: () =>
      eventually(() => {
        const sequences = receiver.requests.slice(refused).map(({ headers }) => headers['x-spark360-sequence']);
        if (sequences.join() !== '1,2') throw new Error(`the partner took ${sequences.join() || 'nothing'}`);
      }, arrivalMs),
  };
}

/** A resend whose partner takes his time: under way when the workers are replaced. */
async function resendUnderWay(rig: Rig): Promise<State> {
  const organization = await rig.organization();
  const { id, partner } = organization;
  const journey = aJourney(rig, organization);
  await journey.tell(journey.lead.created());
  await journey.taken(whole.slice(0, 1));
  const settled = `select id from deliveries where endpoint_id = $1 and status = 'delivered'`;
  await whenThereIs(rig.cluster, settled, [partner.endpointId]);
  const [delivery] = await rig.cluster.db.query<{ id: string }>(settled, [partner.endpointId]);
  partner.answer(() => ({ delayMs: 6_000 }));
  await rig.operator.insist('POST', `/v1/organizations/${id}/deliveries/${delivery?.id}/resend`);
  await eventually(() => {
    if (partner.requests.length < 2) throw new Error('nothing is resent yet');
  });
  const subject = `resend/${delivery?.id}`;
  return {
    name: 'a resend under way',
    subjects: [subject],
    finish: async () => partner.answer(healthy),
    arrived: () =>
      eventually(async () => {
        if (!(await isClosed(rig.cluster.temporal.address, subject))) throw new Error('the resend has not ended');
      }),
  };
}

/** Everything that waits, each in its way; what passes soonest comes last. */
export async function park(rig: Rig, atEnd: AtEnd): Promise<State[]> {
  const early = await Promise.all([
    ended(rig),
    held(rig),
    continuedAsNew(rig, 'a lead that has continued as new', isEnough),
    continuedAsNew(rig, 'a lead that continues as new afterwards', isEnough / 2),
  ]);
  const late = await Promise.all([
    withoutEnrichment(rig),
    betweenAttempts(rig),
    inResume(rig),
    widgetChanges(rig, atEnd),
  ]);
  const last = await Promise.all([betweenSteps(rig), inGrace(rig), waitingTheirTurn(rig), resendUnderWay(rig)]);
  return [...early, ...late, ...last];
}
