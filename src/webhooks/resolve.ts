import { lookup } from 'node:dns/promises';

export interface ResolvedAddress {
  address: string;
  family: number;
}
/** All addresses of a name; an empty list, or an exception with a `code`, when it does not resolve. */
export type Resolve = (hostname: string) => Promise<ResolvedAddress[]>;

/** The system's resolver, so that the hosts file and the rules of the machine apply. */
export const systemResolve: Resolve = (hostname) => lookup(hostname, { all: true });

/**
 * Asks once for all who want the same name at the same time. The system's resolver blocks a thread of a small pool for as long
 * as a name server is silent: a dead name with many deliveries must not take them all. Nothing is remembered afterwards.
 */
export function shared(resolve: Resolve): Resolve {
  const underWay = new Map<string, Promise<ResolvedAddress[]>>();
  return (hostname) => {
    const found = underWay.get(hostname);
    if (found !== undefined) return found;
    const asked = resolve(hostname).finally(() => underWay.delete(hostname));
    underWay.set(hostname, asked);
    return asked;
  };
}
