import type { LookupAddress, LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { BlockedAddressError, type GuardOptions, isAllowedAddress } from './address-guard.ts';
import { type Resolve, shared, systemResolve } from './resolve.ts';

interface ConnectorOptions extends GuardOptions {
  /** For name, TCP and TLS together. */
  timeoutMs: number;
  /** Certificate authorities to trust instead of the system's, PEM. */
  ca?: string;
}

/**
 * Opens connections to allowed addresses only. The address checked is the address used, so a name that changes between
 * two look-ups gets nowhere: a literal is checked here, because Node never looks literals up; every address a name has
 * is checked in the look-up whose answer is connected to; and the address the socket really reached is checked before a
 * byte of HTTP goes out.
 */
export function guardedConnector(options: ConnectorOptions): buildConnector.connector {
  const resolve = shared(options.resolve ?? systemResolve);
  const common = {
    timeout: options.timeoutMs,
    allowH2: false,
    maxCachedSessions: 1_000,
    // Node gives each address but the last 250 ms: too little for a receiver on another continent.
    autoSelectFamilyAttemptTimeout: 1_000,
  };
  const secure = buildConnector({
    ...common,
    rejectUnauthorized: true, // NODE_TLS_REJECT_UNAUTHORIZED does not count.
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    lookup: guardedLookup(resolve, 'https:', options),
  });
  const plain = buildConnector({ ...common, lookup: guardedLookup(resolve, 'http:', options) });

  return (target, callback) => {
    const { hostname, protocol } = target;
    const allowed = (address: string) => isAllowedAddress(address, protocol, options);
    if (isIP(hostname) !== 0 && !allowed(hostname)) {
      callback(new BlockedAddressError(), null);
      return;
    }
    const connect = protocol === 'https:' ? secure : plain;
    connect(target, (...[error, socket]) => {
      if (error !== null) {
        callback(error, null);
      } else if (socket.remoteAddress === undefined || !allowed(socket.remoteAddress)) {
        // Undefined: already closed by the other side, so there is nothing to check and nothing to use.
        callback(socket.remoteAddress === undefined ? closedError() : new BlockedAddressError(), null);
        socket.destroy();
      } else {
        callback(null, socket);
      }
    });
  };
}

/**
 * `dns.lookup`'s signature over `resolve`.
 * One refused address among good ones refuses the name: no honest name is both.
 */
function guardedLookup(resolve: Resolve, protocol: string, options: GuardOptions): LookupFunction {
  return (hostname: string, { all }: LookupOptions, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) callback(notFoundError(), '', 0);
        else if (!addresses.every(({ address }) => isAllowedAddress(address, protocol, options))) {
          callback(new BlockedAddressError(), '', 0);
        } else if (all === true) (callback as LookupAllCallback)(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

type LookupAllCallback = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

const notFoundError = (): Error => Object.assign(new Error('the name has no address'), { code: 'ENOTFOUND' });
const closedError = (): Error => Object.assign(new Error('closed while connecting'), { code: 'ECONNRESET' });
