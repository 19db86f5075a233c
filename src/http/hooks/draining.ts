import type { FastifyInstance } from 'fastify';
import { problemOf, sendProblem } from '../problem.ts';

/**
 * The last seconds of a process that is about to stop: it still answers everything, but `/readyz` says 503, so that a
 * balancer sends nothing new, and every answer closes its connection: no request is on its way on one that ends.
 */
export class Draining {
  #isOn = false;

  begin(): void {
    this.#isOn = true;
  }

  watch(app: FastifyInstance): void {
    app.addHook('onRequest', async (request, reply) => {
      if (!this.#isOn) return;
      reply.header('connection', 'close');
      if (request.routeOptions.url !== '/readyz') return;
      await sendProblem(
        reply,
        problemOf('unavailable', 'This process is stopping.', [{ path: 'api', message: 'stopping' }]),
      );
    });
  }
}
