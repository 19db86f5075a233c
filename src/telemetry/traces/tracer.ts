import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanKind,
  SpanStatusCode,
  type Tracer as OtelTracer,
  trace,
} from '@opentelemetry/api';

interface SpanOptions {
  kind: SpanKind;
  attributes: Attributes;
  /** Of another process, when none of this one is active; null: a new trace. */
  parent?: SpanContext | null;
  links?: Link[];
}

/** Spans and which of them is active, without any global of OpenTelemetry's: a process may have several. */
export class Tracer {
  readonly #tracer: OtelTracer;
  readonly #active = new AsyncLocalStorage<Context>();

  constructor(tracer: OtelTracer) {
    this.#tracer = tracer;
  }

  /** The trace that is active; undefined: none is. */
  get activeTraceId(): string | undefined {
    const context = this.#active.getStore();
    return context === undefined ? undefined : trace.getSpanContext(context)?.traceId;
  }

  /** Begins a span: below `parent` when one is given, else below the active one. */
  begin(name: string, { kind, attributes, parent, links = [] }: SpanOptions, startTime?: Date): Span {
    const context =
      parent === undefined || parent === null
        ? (this.#active.getStore() ?? ROOT_CONTEXT)
        : trace.setSpanContext(ROOT_CONTEXT, parent);
    return this.#tracer.startSpan(
      name,
      { kind, attributes, links, ...(startTime !== undefined && { startTime }) },
      context,
    );
  }

  /** Runs `work`, and all that it calls and awaits, below `span`. */
  within<Result>(span: Span, work: () => Result): Result {
    return this.#active.run(trace.setSpan(ROOT_CONTEXT, span), work);
  }

  /**
   * Runs `work` in a span of its own, which ends with it.
   * An error is told by its name only: a message may quote what was sent.
   */
  async inSpan<Result>(name: string, options: SpanOptions, work: (span: Span) => Promise<Result>): Promise<Result> {
    const span = this.begin(name, options);
    try {
      return await this.within(span, () => work(span));
    } catch (error) {
      fail(span, error instanceof Error ? error.name : typeof error);
      throw error;
    } finally {
      span.end();
    }
  }
}

export function fail(span: Span, kind: string): void {
  span.setAttribute('error.type', kind);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
