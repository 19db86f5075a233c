import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../errors.ts';

/** The header that an unsafe request with the session's cookie must have; any value does. */
export const csrfHeader = 'x-spark360-csrf';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether the method changes nothing (RFC 9110 §9.2.1). */
export const isSafe = (method: string): boolean => safeMethods.has(method);

/**
 * Refuses an unsafe request that another page may have made a browser send with our cookie. A page of another origin
 * cannot set the header without a preflight, which only the codec's routes answer; the browser's own word on the origin
 * comes on top.
 * @throws `cross_site_request`
 */
export function refuseForgery(request: FastifyRequest, publicUrl: string | undefined): void {
  if (request.headers[csrfHeader] === undefined)
    throw new ApiError('cross_site_request', `A request with the session's cookie needs the header ${csrfHeader}.`);
  refuseOtherOrigins(request, publicUrl);
}

/**
 * Refuses what a browser says comes from another origin, but for that of `trustedUrl`; other programs say nothing, and
 * pass.
 * @throws `cross_site_request`
 */
export function refuseOtherOrigins({ headers }: FastifyRequest, publicUrl?: string, trustedUrl?: string): void {
  if (trustedUrl !== undefined && headers.origin === new URL(trustedUrl).origin) return;
  const site = headers['sec-fetch-site'];
  // Browsers leave Sec-Fetch-Site out where neither TLS nor loopback protects the request.
  const isOwn = site === undefined ? isOwnOrigin(headers.origin, headers.host, publicUrl) : site === 'same-origin';
  if (!isOwn) throw new ApiError('cross_site_request');
}

function isOwnOrigin(origin: string | undefined, host: string | undefined, publicUrl: string | undefined): boolean {
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const given = new URL(origin);
  return given.host === host || (publicUrl !== undefined && given.origin === new URL(publicUrl).origin);
}
