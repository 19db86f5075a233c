import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

/** One address of a name. */
export interface ResolvedAddress {
  address: string;
  family: number;
}

/**
 * Between two readings of the file (milliseconds): an edit counts from then on, and a busy sender
 * does not read it each time.
 */
const keepMs = 5_000;

type Hosts = ReadonlyMap<string, ResolvedAddress[]>;

/**
 * Looks names up in a hosts file (hosts(5)): an address, then its names, case-insensitive. One that
 * is missing has no names.
 */
export function hostsFile(path: string): (name: string) => Promise<ResolvedAddress[]> {
  let hosts: Hosts = new Map();
  let readAt = Number.NEGATIVE_INFINITY;
  return async (name) => {
    if (performance.now() - readAt > keepMs) {
      readAt = performance.now();
      hosts = parseHosts(await readFile(path, 'utf8').catch(() => ''));
    }
    return hosts.get(name) ?? [];
  };
}

function parseHosts(text: string): Hosts {
  const hosts = new Map<string, ResolvedAddress[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/);
    const family = isIP(address);
    if (family === 0) continue;
    for (const name of names) hosts.set(name, [...(hosts.get(name) ?? []), { address, family }]);
  }
  return hosts;
}
