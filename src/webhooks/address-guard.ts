import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { within } from '../within.ts';
import { readEndpointUrl } from './endpoint-url.ts';
import { type Resolve, systemResolve } from './resolve.ts';

/**
 * Where no delivery may go (spec section 4).
 * One message for all, without the address: an answer must not map our network.
 */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
  constructor() {
    super('The host is not at a public internet address');
  }
}

export interface GuardOptions {
  /** `ALLOW_INSECURE_ENDPOINTS=loopback`: loopback addresses too, and http to them only. */
  allowLoopback: boolean;
  /** All addresses of a name; an empty list or an exception when it does not resolve. */
  resolve?: Resolve;
}

/** RFC 4291 §2.4: the only global unicast space handed out. ipaddr.js calls forms outside it unicast, too. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
/** Azure's host agent and metadata: a public number, reachable from inside only. */
const azureHost = '168.63.129.16';

/**
 * True for an address on the public internet. Private, loopback, link-local (169.254.169.254 with it), shared,
 * multicast, reserved and documentation ranges are not, nor is a v4 address in a v6 form (mapped, NAT64, 6to4, Teredo).
 */
export function isPublicAddress(address: string): boolean {
  const parsed = parseAddress(address);
  if (parsed === null || parsed.range() !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv6 ? parsed.match(globalUnicast) : parsed.toString() !== azureHost;
}

export const isLoopbackAddress = (address: string): boolean => parseAddress(address)?.range() === 'loopback';

/** Whether a connection for a URL of this protocol (`https:`, `http:`) may go to this address. */
export function isAllowedAddress(
  address: string,
  protocol: string,
  { allowLoopback }: Pick<GuardOptions, 'allowLoopback'>,
): boolean {
  if (allowLoopback && isLoopbackAddress(address)) return true;
  return protocol === 'https:' && isPublicAddress(address);
}

/** `url` is the form to store. */
type UrlCheck = { ok: true; url: string } | { ok: false; message: string };

const resolveTimeoutMs = 5_000;

/**
 * The rules for an endpoint's URL at create, at edit and before a test (spec section 4): https, no credentials, a name
 * that resolves, and only to public addresses. Takes up to 5 s. Against mistakes; the check at connect protects.
 */
export async function checkEndpointUrl(text: string, options: GuardOptions): Promise<UrlCheck> {
  const read = readEndpointUrl(text);
  if (!read.ok) return read;
  const parsed = read.url;
  const insecureAllowed = options.allowLoopback && parsed.protocol === 'http:';
  if (parsed.protocol !== 'https:' && !insecureAllowed) return refused('must start with https://');

  const addresses = await addressesOf(unbracketed(parsed.hostname), options.resolve ?? systemResolve);
  if (addresses.length === 0) return refused('the host name does not resolve');
  if (addresses.every((address) => isAllowedAddress(address, parsed.protocol, options))) {
    return { ok: true, url: parsed.href };
  }
  return refused(
    insecureAllowed ? 'http is allowed to loopback addresses only' : 'the host is not at a public internet address',
  );
}

/** The URL parser has already turned every textual form (octal, hex, short, full-width, …) into the plain one. */
async function addressesOf(host: string, resolve: Resolve): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  // A name that cannot be resolved now is treated as one that does not exist: both are refused.
  const resolved = resolve(host).catch(() => []);
  const found = await within(resolveTimeoutMs, resolved, () => []);
  return found.map(({ address }) => address);
}

const refused = (message: string): UrlCheck => ({ ok: false, message });

const unbracketed = (host: string): string => (host.startsWith('[') ? host.slice(1, -1) : host);

function parseAddress(address: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  return isIP(address) !== 0 ? ipaddr.parse(address) : null;
}
