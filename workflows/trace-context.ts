import { defaultPayloadConverter, type Headers, type Payload } from '@temporalio/common';
import type {
  ActivityInput,
  LocalActivityInput,
  Next,
  SignalInput,
  WorkflowExecuteInput,
  WorkflowInboundCallsInterceptor,
  WorkflowInterceptors,
  WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow';
import { traceHeader } from '../src/domain/trace-header.ts';

/** More than a lead has unread steps and open deliveries; beyond it the oldest are no longer traced. */
const maxRemembered = 500;

/**
 * Hands the trace of a step on to the activity that publishes it, and from there to the attempts of what it emitted. Only
 * headers: no span is made in a workflow, no command, no timer, no random number, and no promise is awaited, so that nothing
 * happens in another order than without. It is in every bundle and idle where no signal brought a trace, so that traced and
 * untraced workers run the same code on each other's histories.
 */
class TraceContext implements WorkflowInboundCallsInterceptor, WorkflowOutboundCallsInterceptor {
  /** By the id of a step that is not published yet, or of a delivery that is not settled. */
  readonly #traces = new Map<string, string[]>();
  /** What the run was started with. */
  #start: Payload | undefined;

  execute = (input: WorkflowExecuteInput, next: Next<WorkflowInboundCallsInterceptor, 'execute'>) => {
    this.#start = input.headers[traceHeader];
    return next(input);
  };

  handleSignal = (input: SignalInput, next: Next<WorkflowInboundCallsInterceptor, 'handleSignal'>) => {
    const header = input.headers[traceHeader];
    const { id } = (input.args[0] ?? {}) as { id?: unknown };
    if (header !== undefined && typeof id === 'string') this.#remember(id, tracesIn(header));
    return next(input);
  };

  scheduleLocalActivity = (
    input: LocalActivityInput,
    next: Next<WorkflowOutboundCallsInterceptor, 'scheduleLocalActivity'>,
  ) => {
    if (this.#traces.size === 0) return next(input);
    return this.#handOn(input, next);
  };

  scheduleActivity = (input: ActivityInput, next: Next<WorkflowOutboundCallsInterceptor, 'scheduleActivity'>) => {
    if (this.#traces.size > 0 && idsOf(input.args[0]).length > 0) return this.#handOn(input, next);
    if (this.#start === undefined) return next(input);
    return next({ ...input, headers: { ...input.headers, [traceHeader]: this.#start } });
  };

  #handOn<Input extends { args: unknown[]; headers: Headers }>(
    input: Input,
    next: (input: Input) => Promise<unknown>,
  ): Promise<unknown> {
    const ids = idsOf(input.args[0]);
    const traces = [...new Set(ids.flatMap((id) => this.#traces.get(id) ?? []))];
    if (traces.length === 0) return next(input);
    const result = next({ ...input, headers: { ...input.headers, [traceHeader]: headerOf(traces) } });
    // Beside the workflow's own continuation, which it neither delays nor feeds.
    result.then(
      (given) => this.#learn(ids, traces, given),
      () => {},
    );
    return result;
  }

  #learn(ids: string[], traces: string[], result: unknown): void {
    const { kind, open, outcome } = (result ?? {}) as Result;
    const isSettled = outcome?.kind === 'delivered' || outcome?.kind === 'abandoned';
    if (open !== undefined || isSettled || kind === 'erased') for (const id of ids) this.#traces.delete(id);
    for (const delivery of open ?? []) this.#remember(delivery.id, traces);
  }

  #remember(id: string, traces: string[]): void {
    this.#traces.set(id, traces);
    if (this.#traces.size <= maxRemembered) return;
    const [oldest] = this.#traces.keys();
    if (oldest !== undefined) this.#traces.delete(oldest);
  }
}

/** What publishing and attempts give: see activities/publish.ts, widget.ts and deliver.ts. */
interface Result {
  kind?: string;
  open?: { id: string }[];
  outcome?: { kind: string };
}

/** The steps that an activity publishes, or the delivery that it attempts. */
function idsOf(argument: unknown): string[] {
  const { claims, step, deliveryId } = (argument ?? {}) as {
    claims?: { id: string }[];
    step?: { id: string };
    deliveryId?: string;
  };
  if (claims !== undefined) return claims.map(({ id }) => id);
  return [step?.id, deliveryId].filter((id) => id !== undefined);
}

/** Whatever a header holds: it must not keep a lead from going on. */
function tracesIn(header: Payload): string[] {
  try {
    const traces: unknown = defaultPayloadConverter.fromPayload(header);
    return Array.isArray(traces) ? traces.filter((trace) => typeof trace === 'string') : [];
  } catch {
    return [];
  }
}

const headerOf = (traces: string[]): Payload => defaultPayloadConverter.toPayload(traces);

export const interceptors = (): WorkflowInterceptors => {
  const context = new TraceContext();
  return { inbound: [context], outbound: [context] };
};
