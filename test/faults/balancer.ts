import { setTimeout as sleep } from 'node:timers/promises';

/** Chooses among API processes as a load balancer does: by what their /readyz said last. */
export interface Balancer {
  next(): string;
  close(): Promise<void>;
}

const checkMs = 1_000;

export async function startBalancer(urls: readonly string[]): Promise<Balancer> {
  const ready = new Set(urls);
  let isOpen = true;
  let turn = 0;
  const check = async (url: string): Promise<void> => {
    const isReady = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(checkMs) }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.ok;
      },
      () => false,
    );
    if (isReady) ready.add(url);
    else ready.delete(url);
  };
  const checking = Promise.all(
    urls.map(async (url) => {
      while (isOpen) {
        await check(url);
        await sleep(checkMs);
      }
    }),
  );
  return {
    next() {
      const candidates = urls.filter((url) => ready.has(url));
      turn += 1;
      return candidates[turn % candidates.length] ?? urls[0] ?? '';
    },
    async close() {
      isOpen = false;
      await checking;
    },
  };
}
