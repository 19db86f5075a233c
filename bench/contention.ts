import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { seconds, steadyInWindows, windows } from './isolation.ts';
import { arrivalOf, startPartner } from './leads.ts';
import { closedLoop, median, quantile } from './measure.ts';
import { ms, type Rig, say } from './rig.ts';

/**
 * As much as the isolation scenario measures: 20 attempts a second at its bad endpoints, at 22.5 ms of CPU time each,
 * in two processes.
 */
const burners = 2;
const perSecond = 10;
const eachMs = 22.5;

const startBurner = (): ChildProcess =>
  fork(fileURLToPath(new URL('./burn.js', import.meta.url)), [`${eachMs}`, `${perSecond}`]);

/**
 * The control of the isolation scenario: what does a healthy endpoint notice when no endpoint is bad, but programs that
 * have nothing to do with the service use as much of the cores as the attempts at bad ones do? The second look alone
 * shows what the machine itself changed during the run.
 */
export async function contention({ deps }: Rig): Promise<void> {
  const healthy = await startPartner(deps);
  await closedLoop(100, 5, async () => void (await arrivalOf(deps, healthy))); // warm
  const alone = await steadyInWindows(deps, healthy);
  const compared = (what: string, latencies: number[]): void => {
    const at = (part: number): string => {
      const value = quantile(latencies, part);
      return `p${part * 100} ${ms(value)} (${(value / quantile(alone, part)).toFixed(2)} times)`;
    };
    say(`${what}, ${seconds * windows} s: p50 ${ms(median(latencies))}, ${at(0.95)}, ${at(0.99)}`);
  };
  compared('alone', alone);
  const programs = Array.from({ length: burners }, startBurner);
  try {
    compared(
      `beside ${burners} programs that each use ${eachMs} ms of CPU time ${perSecond} times a second`,
      await steadyInWindows(deps, healthy),
    );
  } finally {
    for (const program of programs) program.kill();
  }
  compared('alone again', await steadyInWindows(deps, healthy));
  await healthy.close();
}
