import { readFileSync } from 'node:fs';

const ticksPerSecond = 100; // sysconf(_SC_CLK_TCK) of Linux

/** proc(5): what follows the name in parentheses, from the state on. */
const stat = (pid: number): number[] =>
  (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '').split(' ').map(Number);

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

/** CPU time of a process and its children, those that ended included (milliseconds). */
export function cpuMs(pid: number): number {
  const [utime, stime, cutime, cstime] = stat(pid).slice(11, 15) as [number, number, number, number];
  let ticks = utime + stime + cutime + cstime;
  for (const child of childrenOf(pid)) {
    try {
      const [user, system] = stat(child).slice(11, 13) as [number, number];
      ticks += user + system;
    } catch {
      // It ended since it was listed: its parent has its time then.
    }
  }
  return (ticks / ticksPerSecond) * 1_000;
}
