import { widgetSubject } from '../../../src/domain/ids.ts';
import { eventually } from '../../support/eventually.ts';
import type { InboundEvent } from '../../support/lead-events.ts';
import { startReceiver } from '../../support/receiver.ts';
import { aWidget } from '../../support/widget-events.ts';
import { whenThereIs } from '../../faults/moments.ts';
import { healthy } from '../../faults/partner.ts';
import type { Organization, Rig } from '../../faults/rig.ts';
import { isClosed } from './histories.ts';
import {
  aJourney,
  arrivalMs,
  type AtEnd,
  failing,
  forEach,
  type State,
  several,
  subjectsOf,
  whole,
} from './journeys.ts';

const slow = () => ({ delayMs: 4_000 });
const pathOf = ({ id, partner }: Organization): string => `/v1/organizations/${id}/endpoints/${partner.endpointId}`;

export async function held(rig: Rig): Promise<State> {
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

/**
 * The first held delivery is being tried, in vain, and the others wait for its success: more than are woken at once.
 */
export async function inResume(rig: Rig): Promise<State> {
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

export async function waitingTheirTurn(rig: Rig): Promise<State> {
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

export async function widgetChanges(rig: Rig, atEnd: AtEnd): Promise<State> {
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
export async function resendUnderWay(rig: Rig): Promise<State> {
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
