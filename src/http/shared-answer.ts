/**
 * Calls of `ask` within `ms` of the first share its answer: what many look at is worked out once. An answer that failed
 * is shared by those that wait for it, and then forgotten.
 */
export function sharedFor<Answer>(ms: number, ask: () => Promise<Answer>): () => Promise<Answer> {
  let shared: { since: number; answer: Promise<Answer> } | null = null;
  return () => {
    const now = performance.now();
    if (shared === null || now - shared.since >= ms) {
      const answer = ask().catch((error: unknown) => {
        shared = null;
        throw error;
      });
      shared = { since: now, answer };
    }
    return shared.answer;
  };
}
