/** Begins the trace of a request. `route` is the pattern: paths hold ids. */
export type RequestTraces = (request: { method: string; route: string; traceparent: unknown }) => RequestTrace;

export interface RequestTrace {
  /** Runs the rest of the request below it. */
  run(work: () => void): void;
  end(status: number): void;
}
