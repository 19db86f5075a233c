import { floorLeads, historyEvents, journeys, spacedJourneys, startPartner } from './leads.ts';
import { median, quantile } from './measure.ts';
import { ms, type Rig, say } from './rig.ts';

const leads = Number(process.env.BENCH_LEADS ?? 300);
const atOnce = Number(process.env.BENCH_AT_ONCE ?? 30);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
/** Whose histories are counted: how many steps share a task depends on the moment. */
const historyLeads = 50;

/**
 * Whole journeys against the engine's floor, in turn, in one run; then latency with a lead's steps one second apart.
 */
export async function throughput(rig: Rig): Promise<void> {
  const { deps } = rig;
  const partner = await startPartner(deps);
  await floorLeads(deps, 60, atOnce); // both paths warm
  await journeys(deps, partner, 60, atOnce);
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const floor = leads / (await floorLeads(deps, leads, atOnce));
    const before = await rig.worker();
    const { seconds, latencies } = await journeys(deps, partner, leads, atOnce);
    const cpuMs = ((await rig.worker()).cpuMs - before.cpuMs) / leads;
    const ours = leads / seconds;
    ratios.push(ours / floor);
    say(
      `round ${round}: floor ${floor.toFixed(1)} leads/s, ours ${ours.toFixed(1)} leads/s (${(ours / floor).toFixed(2)} of it, ` +
        `${(ours * 4).toFixed(0)} deliveries/s), signal to receiver p50 ${ms(median(latencies))} p95 ${ms(quantile(latencies, 0.95))}, ` +
        `worker CPU ${cpuMs.toFixed(1)} ms a lead`,
    );
  }
  say(`ratio to the floor, median of ${rounds} rounds: ${median(ratios).toFixed(2)}`);
  const events = await historyEvents(deps, partner, historyLeads);
  const total = [...events.values()].reduce((sum, count) => sum + count, 0);
  say(`history of a journey (three signals, four deliveries): ${total.toFixed(1)} events (${describe(events)})`);
  const spaced = await spacedJourneys(deps, partner, 40);
  say(
    `steps one second apart: p50 ${ms(median(spaced))} p95 ${ms(quantile(spaced, 0.95))} p99 ${ms(quantile(spaced, 0.99))}`,
  );
  await partner.close();
}

const describe = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([name, count]) => `${count.toFixed(1)} ${name}`).join(', ');
