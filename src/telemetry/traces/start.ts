import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-node';
import type { RequestTraces } from '../request-traces.ts';
import { within } from '../../within.ts';
import type { Log } from '../../log.ts';
import { type TracedAttempt, traceAttempt } from './attempts.ts';
import { requestTraces } from './requests.ts';
import { activityInterceptors, clientInterceptor } from './temporal.ts';
import { Tracer } from './tracer.ts';

/** What each part needs to have its spans. */
export interface Traces {
  client: WorkflowClientInterceptor;
  activities: ActivityInterceptorsFactory;
  attempt: (attempt: TracedAttempt) => void;
  requests: RequestTraces;
  /** Sends what is left, and gives up after three seconds. */
  close(): Promise<void>;
}

const exportTimeoutMs = 3_000;
/** Beyond it spans are dropped: the collector is away, and a trace is not worth the memory. */
const maxQueueSize = 8_192;

/**
 * Sends spans to `<endpoint>/v1/traces`, OTLP over HTTP in JSON. Only this folder knows OpenTelemetry. Sampling and
 * headers are set by the SDK's own variables (OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS).
 */
export function startTraces(endpoint: string, role: string, log: Pick<Log, 'warn' | 'info'>): Traces {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: exportTimeoutMs,
  });
  const processor = new BatchSpanProcessor(heard(exporter, log), { maxQueueSize, scheduledDelayMillis: 1_000 });
  const provider = new BasicTracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ 'service.name': 'spark360-events', 'spark360.role': role }),
    ),
    spanProcessors: [processor],
  });
  const tracer = new Tracer(provider.getTracer('spark360-events'));
  return {
    client: clientInterceptor(tracer),
    activities: activityInterceptors(tracer),
    attempt: traceAttempt(tracer),
    requests: requestTraces(tracer),
    close: () =>
      within(
        exportTimeoutMs,
        provider.shutdown().catch(() => undefined),
        () => undefined,
      ),
  };
}

/**
 * Says once that traces do not arrive, and once that they do again. By the error's name: its message may hold the
 * answer.
 */
function heard(exporter: SpanExporter, log: Pick<Log, 'warn' | 'info'>): SpanExporter {
  let isAway = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.code !== 0;
        if (failed && !isAway) log.warn({ error_name: result.error?.name }, 'traces cannot be sent, and are dropped');
        if (!failed && isAway) log.info('traces are sent again');
        isAway = failed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
