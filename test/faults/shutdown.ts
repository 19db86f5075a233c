import { expect } from '@jest/globals';
import type { Handler } from '../support/receiver.ts';
import type { Role } from '../support/role.ts';
import { mostMs } from './replace-roles.ts';

/** What a partner may take for its answer to count: an answer within 10 s of the SIGTERM is heard. */
const thinksMs = 9_000;

/** A partner who thinks so long about every first event, and is quick about the others. */
export const slowAtFirst: Handler = ({ sequence }) => (sequence === 1 ? { delayMs: thinksMs } : undefined);

/** Stops a role as an orchestrator does, which kills what takes longer. */
export async function endsWell(role: Role): Promise<void> {
  const { code, tookMs } = await role.stop();
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(mostMs);
}
