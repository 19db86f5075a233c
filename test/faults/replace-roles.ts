import type { Role } from '../support/role.ts';

/** An orchestrator kills what has not ended by then (milliseconds). */
export const mostMs = 20_000;
interface ReplaceOptions {
  report?: (line: string) => void;
  /**
   * Resolves when the next one may be replaced: where a balancer is before them, when it has seen that all are ready.
   */
  settle?: () => Promise<unknown>;
}

/**
 * Replaces processes one after the other, by SIGTERM as a rolling update does, or by kill -9. Gives, in words, those
 * that did not end by themselves, in time and with exit code 0.
 */
export async function replaceInTurn(
  roles: readonly Role[],
  by: 'SIGTERM' | 'SIGKILL',
  { report, settle }: ReplaceOptions = {},
): Promise<string[]> {
  const badEnds: string[] = [];
  for (const role of roles) {
    if (by === 'SIGKILL') await role.kill();
    else {
      const { code, tookMs } = await role.stop();
      report?.(`  ${role.name} ended in ${(tookMs / 1_000).toFixed(1)} s`);
      if (code !== 0 || tookMs > mostMs) badEnds.push(`${role.name}: exit code ${code} after ${Math.round(tookMs)} ms`);
      await role.start();
    }
    await settle?.();
  }
  return badEnds;
}
