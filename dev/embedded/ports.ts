import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP port on loopback that nothing listens on now. */
export const freePort = (): Promise<number> => listenOnce(0);

/**
 * The port an earlier start kept in `file`, or else `preferred`,
 * when it is free; else another one. Kept for the next start.
 */
export async function keptPort(file: string, preferred?: number): Promise<number> {
  const kept = Number(await readFile(file, 'utf8').catch(() => ''));
  if (kept && (await becomesFree(kept))) return kept;
  const port = preferred !== undefined && (await isFree(preferred)) ? preferred : await freePort();
  await writeFile(file, `${port}\n`);
  return port;
}

/** A server that was just killed holds its port a moment longer. */
async function becomesFree(port: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < 2_000; waitedMs += 100) {
    if (await isFree(port)) return true;
    await sleep(100);
  }
  return false;
}

/** Whether nothing listens on `port` of `host`. */
export const isFree = (port: number, host?: string): Promise<boolean> =>
  listenOnce(port, host).then(
    () => true,
    () => false,
  );

const listenOnce = (port: number, host = '127.0.0.1'): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
