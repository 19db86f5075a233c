import type { Started } from './global-setup.ts';

export default async function globalTeardown(): Promise<void> {
  await (globalThis as { started?: Started }).started?.stop();
}
