import { setTimeout as sleep } from 'node:timers/promises';
import { type Backend, type SentLead, ways } from './backend.ts';

export interface LoadOptions {
  organizationId: string;
  /** Where requests go: a balancer. */
  url: string;
  /** New leads a second; each takes some two seconds for its steps. */
  leadsPerSecond: number;
  /** No lead begins after it. */
  until: Promise<unknown>;
}

const spacingMs = 300;

/** Whole leads at a steady rate, by all ways in turn. Resolves when all of their steps are accepted. */
export async function steadyLoad(backend: Backend, options: LoadOptions): Promise<SentLead[]> {
  const { organizationId, url, leadsPerSecond, until } = options;
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  until.then(end, end);
  const sent: ReturnType<Backend['send']>[] = [];
  const startedAt = performance.now();
  while (!isOver) {
    sent.push(backend.send(organizationId, ways[sent.length % ways.length] ?? 'http', { spacingMs, url }));
    await sleep(startedAt + (sent.length * 1_000) / leadsPerSecond - performance.now());
  }
  await Promise.all(sent.map(({ accepted }) => accepted));
  return sent.map(({ lead }) => lead);
}
