import { promises as dns } from 'node:dns';
import { hostsFile, type ResolvedAddress } from './hosts-file.ts';

/** All addresses of a name; an empty list, or an exception with a `code`, when it does not resolve. */
export type Resolve = (hostname: string) => Promise<ResolvedAddress[]>;

interface ResolverOptions {
  /** Asked before any name server; default `/etc/hosts`. */
  hostsPath?: string;
  /** `address:port` of name servers; default: those of the system, read anew for each look-up. */
  servers?: readonly string[];
  /** For a whole look-up (milliseconds). */
  timeoutMs?: number;
}

/** Of one question to one server; asked twice (milliseconds). */
const questionTimeoutMs = 1_500;
/**
 * How long an answer of one family is waited for when the other
 * has addresses (milliseconds): some servers swallow AAAA.
 */
const otherFamilyMs = 1_000;
/** How long a failure is remembered (milliseconds): a dead name is not asked for with each of a crowd's attempts. */
const failureKeptMs = 5_000;
const mostFailures = 10_000;

/**
 * Looks names up without a thread: getaddrinfo holds one of a few while a name server is silent, so dead names would
 * stall the others. The hosts file comes first; `localhost` is loopback (RFC 6761 §6.3); every other name is absolute.
 */
export function createResolve({ hostsPath = '/etc/hosts', ...options }: ResolverOptions = {}): Resolve {
  const inHostsFile = hostsFile(hostsPath);
  return remembering(
    shared(async (hostname) => {
      const name = hostname.toLowerCase().replace(/\.$/, '');
      const own = await inHostsFile(name);
      if (own.length > 0) return own;
      if (name === 'localhost' || name.endsWith('.localhost')) return loopback;
      return askServers(`${name}.`, options);
    }),
  );
}

/**
 * IPv4 first: a host without a way to IPv6 then loses no time, and one with both reaches every receiver that has it.
 */
const loopback: ResolvedAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

async function askServers(
  name: string,
  { servers, timeoutMs = 5_000 }: Pick<ResolverOptions, 'servers' | 'timeoutMs'>,
): Promise<ResolvedAddress[]> {
  // One for each look-up: it takes up what the system's servers are now, and is cancelled by itself.
  const resolver = new dns.Resolver({ timeout: questionTimeoutMs, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  let isLate = false;
  const cancel = (): void => {
    isLate = true;
    resolver.cancel();
  };
  let timer = setTimeout(cancel, timeoutMs);
  const ask = async (question: Promise<string[]>, family: number): Promise<ResolvedAddress[]> => {
    const addresses = await question;
    clearTimeout(timer);
    timer = setTimeout(cancel, Math.min(otherFamilyMs, timeoutMs));
    return addresses.map((address) => ({ address, family }));
  };
  const answers = await Promise.allSettled([ask(resolver.resolve4(name), 4), ask(resolver.resolve6(name), 6)]);
  clearTimeout(timer);
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (found.length > 0) return found;
  if (isLate) throw Object.assign(new Error('the name servers did not answer'), { code: 'ETIMEOUT' });
  throw failureOf(answers);
}

/** NODATA of one family says less than what became of the other. */
function failureOf(answers: PromiseSettledResult<unknown>[]): Error {
  const reasons = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as Error] : []));
  const telling = reasons.find((reason) => (reason as NodeJS.ErrnoException).code !== 'ENODATA');
  return telling ?? reasons[0] ?? Object.assign(new Error('the name has no address'), { code: 'ENOTFOUND' });
}

/** Asks once for all callers that want the same name at the same time. */
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

/** Answers a name that just failed with the same failure. Addresses are not remembered: a partner may move. */
function remembering(resolve: Resolve): Resolve {
  const failures = new Map<string, { error: unknown; until: number }>();
  return async (hostname) => {
    const failure = failures.get(hostname);
    if (failure !== undefined && performance.now() < failure.until) throw failure.error;
    try {
      return await resolve(hostname);
    } catch (error) {
      failures.delete(hostname);
      if (failures.size >= mostFailures) failures.delete(failures.keys().next().value as string);
      failures.set(hostname, { error, until: performance.now() + failureKeptMs });
      throw error;
    }
  };
}

/** The look-up of this process, for attempts and for the check of a URL alike. */
export const systemResolve: Resolve = createResolve();
