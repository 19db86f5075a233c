import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import { hashKey } from '../../db/api-keys.ts';

/** Opens the codec to the embedded server's UI without a key: made at each start, and known to that UI only. */
export interface CodecCapability {
  /** Random, in the path of the address that the UI is given. */
  token: string;
  /** Where that UI is reached: no page of another origin may ask. */
  origins: readonly string[];
}

const loopbackHosts = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;

/**
 * Whether a request has the capability. Only from this machine, not through a proxy; the Host header is checked too,
 * since a stranger's name may resolve to loopback (DNS rebinding), and the Origin, which a page cannot choose.
 */
export function hasCapability(request: FastifyRequest, { token, origins }: CodecCapability): boolean {
  const { headers, socket, params } = request;
  const given = (params as { token?: string }).token ?? '';
  return (
    timingSafeEqual(hashKey(given), hashKey(token)) &&
    isLoopback(socket.remoteAddress) &&
    headers['x-forwarded-for'] === undefined &&
    headers.forwarded === undefined &&
    loopbackHosts.test(headers.host ?? '') &&
    origins.includes(headers.origin ?? '')
  );
}

const isLoopback = (address = ''): boolean => ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
