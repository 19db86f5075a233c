import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { ClusterOptions } from './cluster.ts';
import { testMs } from './moments.ts';
import { type Rig, startRig } from './rig.ts';

/**
 * The rig of a test file: started before its tests, and no test may end with a broken promise or a wrong answer of the
 * API.
 */
export function rigOfFile(options: () => ClusterOptions = () => ({})): () => Rig {
  let started: Rig | undefined;
  const rig = (): Rig => {
    if (started === undefined) throw new Error('the rig is there in tests only');
    return started;
  };
  beforeAll(async () => {
    started = await startRig(options());
  }, testMs);
  afterAll(() => started?.stop(), testMs);
  afterEach(() => {
    expect(rig().oracle.verdict.violations).toEqual([]);
    expect(rig().backend.surprises).toEqual([]);
  });
  return rig;
}
