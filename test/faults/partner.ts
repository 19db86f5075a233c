import type { Oracle } from '../support/oracle.ts';
import { type Handler, type Receiver, startReceiver } from '../support/receiver.ts';

export interface Partner extends Receiver {
  /** The secret that the API showed when the endpoint was made. */
  secret: string;
}

export const healthy: Handler = () => undefined;

/** Fails, breaks off and dawdles now and then; an answer that takes over half a second is handed over by the worker. */
export const flaky: Handler = () => {
  const dice = Math.random();
  if (dice < 0.08) return { status: 500 };
  if (dice < 0.12) return { reset: true };
  if (dice < 0.25) return { delayMs: 700 + 800 * Math.random() };
  return undefined;
};

/** A partner's real HTTP server, every request of which the oracle judges. */
export async function startPartner(oracle: Oracle, handler: Handler = healthy): Promise<Partner> {
  const receiver = await startReceiver(handler, 0, (request) =>
    oracle.arrived(request, { endpoint: partner.url, secret: partner.secret }),
  );
  const partner: Partner = Object.assign(receiver, { secret: '' });
  return partner;
}
