/** How long probes share an answer (milliseconds). They need no key, and each asks Temporal, which limits such calls. */
const sharedMs = 1_000;

/** Calls of `ask` within a second of the first share its answer. */
export function sharedForASecond<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let shared: { since: number; answer: Promise<Answer> } | null = null;
  return () => {
    const now = performance.now();
    if (shared === null || now - shared.since >= sharedMs) shared = { since: now, answer: ask() };
    return shared.answer;
  };
}
