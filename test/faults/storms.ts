import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { connect } from '../../src/client.ts';
import { historiesOf } from '../support/histories.ts';
import { aLead } from '../support/lead-events.ts';
import { allArrived } from './arrival.ts';
import { startCrowd } from './crowd.ts';
import type { Rig } from './rig.ts';
import type { Role } from '../support/role.ts';

/** What a storm measured, in words, for the report. */
export type Figures = Record<string, string>;

const seconds = (since: number): string => `${((performance.now() - since) / 1_000).toFixed(1)} s`;

/** The most memory a process ever held, MiB (proc(5): VmHWM). */
export const peakMiB = ({ pid }: Pick<Role, 'pid'>): number =>
  Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid()}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1_024);

const memory = ({ cluster }: Rig): string =>
  cluster
    .roles()
    .map((role) => `${role.name} ${peakMiB(role)}`)
    .join(', ');

/** Of some workflows, all their runs: workflow tasks that ended without getting anything done. */
async function lostTasks({ cluster }: Rig, workflowIds: readonly string[]): Promise<number> {
  const connection = await Connection.connect({
    address: cluster.temporal.address,
    channelArgs: { 'grpc.max_receive_message_length': -1 }, // of twenty thousand signals
  });
  try {
    const client = new Client({ connection });
    const histories = await Promise.all(workflowIds.map((id) => historiesOf(client, id)));
    const events = histories.flat().flatMap((history) => history.events ?? []);
    return events.filter(
      (event) => event.workflowTaskFailedEventAttributes ?? event.workflowTaskTimedOutEventAttributes,
    ).length;
  } finally {
    await connection.close();
  }
}

/** Runs `work` `count` times, `atOnce` at a time. */
async function often(count: number, atOnce: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** The same signal `count` times to one lead, in the middle of its journey; then the journey goes on. */
export async function duplicates(rig: Rig, count: number): Promise<Figures> {
  const organization = await rig.organization();
  const lead = aLead(organization.id);
  const client = await connect({
    address: rig.cluster.temporal.address,
    namespace: 'default',
    encryptionKeys: rig.cluster.encryptionKeys,
    retryForMs: 120_000,
  });
  const publish = (event: unknown) => client.publish(event as Parameters<typeof client.publish>[0]);
  try {
    const startedAt = performance.now();
    await publish(lead.created());
    const personal = lead.personal();
    await often(count, 64, () => publish(personal));
    const signalled = seconds(startedAt);
    await publish(lead.enrichment());
    await publish(lead.contact());
    await organization.arrived([{ leadId: lead.leadId }], 300_000);
    const applied = await rig.cluster.db.query('select 1 from inbound_events where subject = $1', [
      `lead/${organization.id}/${lead.leadId}`,
    ]);
    return {
      storm: `${count} copies of one signal to one lead`,
      signalled,
      'all four events with the partner': seconds(startedAt),
      requests: `${organization.partner.requests.length}`,
      'steps applied': `${applied.length}`,
      'workflow tasks lost': `${await lostTasks(rig, [`lead/${organization.id}/${lead.leadId}`])}`,
      'peak memory (MiB)': memory(rig),
    };
  } finally {
    await client.close();
  }
}

/** Whole leads of an organization with many endpoints: every event to each of them, in order. */
export async function manyEndpoints(rig: Rig, endpoints: number, leads: number, patienceMs: number): Promise<Figures> {
  const crowd = await startCrowd(rig.operator, rig.oracle, endpoints);
  try {
    const startedAt = performance.now();
    const sent = Array.from({ length: leads }, () => rig.backend.send(crowd.organizationId, 'client'));
    await Promise.all(sent.map(({ accepted }) => accepted));
    await allArrived(
      rig.oracle,
      sent.map(({ lead }) => lead),
      crowd.endpoints,
      patienceMs,
    );
    return {
      storm: `${leads} leads of an organization with ${endpoints} endpoints`,
      deliveries: `${leads * endpoints * 4}`,
      'all delivered': seconds(startedAt),
      'workflow tasks lost': `${await lostTasks(
        rig,
        sent.map(({ lead }) => `lead/${crowd.organizationId}/${lead.leadId}`),
      )}`,
      'peak memory (MiB)': memory(rig),
    };
  } finally {
    await crowd.close();
  }
}

/** Full requests, and requests over every limit, many at a time: each has its own answer, and the API its memory. */
export async function fullRequests(rig: Rig, count: number): Promise<Figures> {
  const organization = await rig.organization();
  const filled = (bytes: number): object => {
    const event = aLead(organization.id).created();
    const lacking = bytes - Buffer.byteLength(JSON.stringify({ ...event, metadata: { filler: '' } }));
    return { ...event, metadata: { filler: 'x'.repeat(lacking) } };
  };
  const kinds: [string, () => unknown, number][] = [
    ['100 events', () => Array.from({ length: 100 }, () => aLead(organization.id).created()), 202],
    ['101 events', () => Array.from({ length: 101 }, () => aLead(organization.id).created()), 422],
    ['an event of 256 KiB', () => filled(256 * 1_024), 202],
    ['an event of 256 KiB and a byte', () => filled(256 * 1_024 + 1), 422],
    ['15 events of 256 KiB', () => Array.from({ length: 15 }, () => filled(256 * 1_024)), 202],
    ['17 events of 256 KiB, over 4 MiB', () => Array.from({ length: 17 }, () => filled(256 * 1_024)), 413],
  ];
  const startedAt = performance.now();
  const answers = new Map<string, Map<number, number>>();
  await often(count, 12, async (index) => {
    const [name, body, expected] = kinds[index % kinds.length] as (typeof kinds)[number];
    const event = body();
    let status = 503;
    for (let tries = 0; status === 503 && tries < 60; tries += 1) status = (await rig.backend.post(event)).status;
    const of = answers.get(name) ?? new Map<number, number>();
    answers.set(name, of.set(status, (of.get(status) ?? 0) + 1));
    if (status !== expected) rig.backend.surprises.push(`${name}: ${status} instead of ${expected}`);
  });
  const [left] = await rig.cluster.db.query<{ count: number }>(
    `select count(*)::int as count from inbound_events where subject like $1`,
    [`lead/${organization.id}/%`],
  );
  return {
    storm: `${count} requests at and over the limits, 12 at a time`,
    answered: seconds(startedAt),
    answers: [...answers]
      .map(([name, of]) => `${name}: ${[...of].map(([status, times]) => `${times}× ${status}`).join(' ')}`)
      .join('; '),
    'events accepted': `${left?.count}`,
    'peak memory (MiB)': memory(rig),
  };
}
