import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RequestTrace, RequestTraces } from '../telemetry/request-traces.ts';

/** Traces every call of the API proper; without traces nothing is registered. */
export function traceRequests(app: FastifyInstance, traces: RequestTraces | undefined): void {
  if (traces === undefined) return;
  const open = new WeakMap<FastifyRequest, RequestTrace>();
  app.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.url;
    if (route?.startsWith('/v1/'))
      open.set(request, traces({ method: request.method, route, traceparent: request.headers.traceparent }));
    done();
  });
  // The last hook before the handler: reading a body leaves the context in which its request began.
  app.addHook('preHandler', (request, _reply, done) => {
    const trace = open.get(request);
    if (trace === undefined) done();
    else trace.run(done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    open.get(request)?.end(reply.statusCode);
    done();
  });
}
