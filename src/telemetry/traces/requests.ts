import { SpanKind } from '@opentelemetry/api';
import type { RequestTraces } from '../request-traces.ts';
import { fail, type Tracer } from './tracer.ts';
import { readTraceparent } from './traceparent.ts';

/** Spans of HTTP requests, below the caller's own trace when the request says one (W3C Trace Context). */
export const requestTraces =
  (tracer: Tracer): RequestTraces =>
  ({ method, route, traceparent }) => {
    const span = tracer.begin(`${method} ${route}`, {
      kind: SpanKind.SERVER,
      parent: readTraceparent(traceparent),
      attributes: { 'http.request.method': method, 'http.route': route },
    });
    return {
      run: (work) => tracer.within(span, work),
      end(status) {
        span.setAttribute('http.response.status_code', status);
        if (status >= 500) fail(span, `${status}`);
        span.end();
      },
    };
  };
