import { randomBytes } from 'node:crypto';
import { eventually } from '../../support/eventually.ts';
import { healthy } from '../../faults/partner.ts';
import type { Rig } from '../../faults/rig.ts';
import { isClosed } from './histories.ts';
import { aJourney, failing, forEach, type Journey, type State, several, subjectsOf, whole } from './journeys.ts';

/** Put away before the upgrade: what Postgres keeps of it was written by the old release. */
export async function ended(rig: Rig): Promise<State> {
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

export async function betweenSteps(rig: Rig): Promise<State> {
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

export async function withoutEnrichment(rig: Rig): Promise<State> {
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

export async function inGrace(rig: Rig): Promise<State> {
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

export async function betweenAttempts(rig: Rig): Promise<State> {
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

/** A step large enough for a score of them to make a run continue as new, by the size of its history (bytes). */
const large = 200_000;
export const isEnough = 24;

/** What one run hands to the next: of old to old, read by new; and, where `before` does not suffice, of old to new. */
export async function continuedAsNew(rig: Rig, name: string, before: number): Promise<State> {
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
