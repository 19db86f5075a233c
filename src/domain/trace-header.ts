/** Temporal's header that carries trace contexts: a list of W3C `traceparent` strings, the parent first, then what is linked. */
export const traceHeader = 'spark360-trace';
