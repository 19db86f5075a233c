import type { Notice } from '../../src/domain/notice.ts';
import { startNotice } from '../../workflows/notice.ts';

export * from '../../workflows/index.ts';

/** Fails on an endpoint as a lane does, and is over at once. */
export async function failingLane(notices: Notice[]): Promise<void> {
  for (const notice of notices) await startNotice(notice);
}
