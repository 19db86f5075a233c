import { setTimeout as sleep } from 'node:timers/promises';
import { startRelay } from '../src/outbox/relay.ts';
import { aLead } from '../test/support/lead-events.ts';
import { type Partner, startPartner } from './leads.ts';
import { median, quantile } from './measure.ts';
import { ms, type Rig, say, startRig } from './rig.ts';

const gentleLeads = Number(process.env.BENCH_OUTBOX_GENTLE ?? 200);
const bulkLeads = Number(process.env.BENCH_LEADS ?? 300);
const behindLeads = Number(process.env.BENCH_OUTBOX_BACKLOG ?? 20_000);

const publish = ({ deps }: Rig, events: readonly unknown[]) =>
  deps.db.query('select spark360.publish(event) from jsonb_array_elements($1::jsonb) as e (event)', [
    JSON.stringify(events),
  ]);

/** From the call, an insert or a signal, to the request at the partner: one new lead every 100 ms. */
async function latency(partner: Partner, count: number, send: (event: object) => Promise<unknown>): Promise<number[]> {
  const latencies: Promise<number>[] = [];
  for (let n = 0; n < count; n += 1) {
    const lead = aLead(partner.organizationId);
    const arrived = partner.arrivals(lead.leadId, 1);
    const sentAt = performance.now();
    await send(lead.created());
    latencies.push(arrived.then((at) => (at.get('lead.address_preview') ?? Number.NaN) - sentAt));
    await sleep(100);
  }
  return Promise.all(latencies);
}

const pending = async ({ deps }: Rig): Promise<number> => {
  const [row] = await deps.db.query<{ count: number }>(
    'select count(*)::int as count from spark360.outbox where done_at is null',
  );
  return row?.count ?? 0;
};

/** A backlog of whole journeys, then a relay: how fast it is signalled, and how fast all of it is delivered. */
async function throughput(rig: Rig, partner: Partner): Promise<void> {
  const leads = Array.from({ length: bulkLeads }, () => aLead(partner.organizationId));
  const arrived = leads.map(({ leadId }) => partner.arrivals(leadId, 4));
  await publish(
    rig,
    leads.flatMap((lead) => [lead.created(), lead.personal({ enriched: true }), lead.contact()]),
  );
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  const relay = await startRelay(rig.deps);
  while ((await pending(rig)) > 0) await sleep(100);
  const relaySeconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  await Promise.all(arrived);
  const seconds = (performance.now() - started) / 1000;
  await relay.stop();
  say(
    `${bulkLeads} leads of 3 rows: ${((bulkLeads * 3) / relaySeconds).toFixed(0)} rows/s signalled, ` +
      `${(bulkLeads / seconds).toFixed(1)} leads/s delivered whole (${((bulkLeads * 4) / seconds).toFixed(0)} deliveries/s), ` +
      `CPU of relay and partner ${((user + system) / 1000 / bulkLeads).toFixed(1)} ms a lead`,
  );
}

/** The same latency while very many rows of other leads wait for something of their own. */
async function behindABacklog(rig: Rig, partner: Partner): Promise<void> {
  const { db } = rig.deps;
  const lead = JSON.stringify(aLead(partner.organizationId).created());
  // One lead whose first row is postponed, with all others behind it: the worst that a scan for work can meet.
  await db.query(`insert into spark360.outbox (event) select $1::jsonb from generate_series(1, $2::int)`, [
    lead,
    behindLeads,
  ]);
  await db.execute(
    `update spark360.outbox set attempts = 1, next_try_at = now() + interval '1 day' where id = (select min(id) from spark360.outbox where done_at is null)`,
  );
  const relay = await startRelay(rig.deps);
  const latencies = await latency(partner, 50, (event) => publish(rig, [event]));
  await relay.stop();
  say(
    `behind ${behindLeads} rows of a stuck lead: insert to partner p50 ${ms(median(latencies))} p95 ${ms(quantile(latencies, 0.95))}`,
  );
}

const tell = (way: string, latencies: readonly number[]): void =>
  say(
    `one lead every 100 ms ${way}: to the partner p50 ${ms(median(latencies))} p95 ${ms(quantile(latencies, 0.95))} p99 ${ms(quantile(latencies, 0.99))}`,
  );

const rig = await startRig();
const partner = await startPartner(rig.deps);
try {
  const relay = await startRelay(rig.deps);
  const byOutbox = (event: object) => publish(rig, [event]);
  await latency(partner, 20, byOutbox); // warm
  tell('by the outbox', await latency(partner, gentleLeads, byOutbox));
  tell('by the client', await latency(partner, gentleLeads, (event) => rig.deps.client.publish(event)));
  await relay.stop();
  await throughput(rig, partner);
  await behindABacklog(rig, partner);
} finally {
  await partner.close();
  await rig.stop();
}
