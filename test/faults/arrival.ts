import type { SentLead } from './backend.ts';
import type { Oracle } from '../support/oracle.ts';

const wholeJourney = 4;

/**
 * Resolves when every partner has taken all four events of every lead; rejects, naming what is missing, after
 * `timeoutMs`.
 */
export function allArrived(
  oracle: Oracle,
  leads: readonly Pick<SentLead, 'leadId'>[],
  partners: readonly { url: string }[],
  timeoutMs: number,
): Promise<void> {
  const open = new Map(
    leads.flatMap(({ leadId }) => partners.map(({ url }) => [`${leadId} ${url}`, { leadId, url }] as const)),
  );
  return new Promise((resolve, reject) => {
    const look = (): void => {
      for (const [key, { url, leadId }] of open) {
        if (oracle.taken(url, leadId).length >= wholeJourney) open.delete(key);
      }
      if (open.size > 0) return;
      clearTimeout(timer);
      unwatch();
      resolve();
    };
    const unwatch = oracle.watch(look);
    const timer = setTimeout(() => {
      unwatch();
      const missing = [...open.values()].map(
        ({ leadId, url }) => `lead ${leadId} at ${url}: only ${oracle.taken(url, leadId).join(', ') || 'nothing'}`,
      );
      reject(new Error(`after ${timeoutMs} ms ${missing.length} lanes are not complete:\n${missing.join('\n')}`));
    }, timeoutMs);
    look();
  });
}
