import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { within } from '../../within.ts';

/** How long the rest of a refused body is drained (milliseconds). */
const mostMs = 2_000;

/**
 * A client that is still sending when the connection ends sees a broken connection instead of the answer (RFC 9112
 * §9.6). So what is left of a body that is too large is read and dropped, for a moment, before the 413 goes out.
 */
export function drainRefusedBodies(app: FastifyInstance): void {
  app.addHook('onSend', async ({ raw }, reply, payload) => {
    if (reply.statusCode === 413 && !raw.complete) await drain(raw);
    return payload;
  });
}

async function drain(raw: IncomingMessage): Promise<void> {
  const over = new Promise<void>((resolve) => {
    raw.once('end', resolve).once('close', resolve);
  });
  raw.resume();
  await within(mostMs, over, () => undefined);
}
