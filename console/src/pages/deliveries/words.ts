import type { Attempt, Delivery } from '../../api/client.ts';

export function hostOf(url: string | undefined): string | null {
  if (url === undefined || !URL.canParse(url)) return null;
  const { host, pathname } = new URL(url);
  return pathname === '/' ? host : `${host}${pathname}`;
}

const abandonedWords: Record<NonNullable<Delivery['reason']>, string> = {
  rejected: 'The endpoint refused it with a final answer. Mend the receiver, then resend it or recover all since then.',
  gone: 'The endpoint answered 410 Gone, so it was paused. Resume it when it is back, then recover.',
  exhausted:
    'Every attempt of the schedule failed. When the receiver is well again, resend it or recover all since then.',
  blocked_address:
    'The name led to an address that is not public. Change the endpoint or its DNS entry, then resend it.',
  skipped: 'It was skipped by hand. It can be sent again by hand.',
  endpoint_deleted: 'Its endpoint was deleted. Nothing is sent there any more.',
  lead_erased: 'Its lead was erased, and with it what was to be sent.',
};

/** Why a delivery was given up, and what can be done. */
export const reasonWords = (reason: NonNullable<Delivery['reason']>): string => abandonedWords[reason];

const errorAdvice: Record<string, string> = {
  dns: 'The host name did not resolve. Check its DNS entries.',
  connect: 'Nothing accepted the connection. Check that the server runs, and that its firewall lets us in.',
  tls: 'TLS could not be agreed. Check that the certificate is valid, for this name, and complete with its chain.',
  timeout: 'There was no answer in time. Answer 2xx at once and work afterwards.',
  protocol: 'What came back was not HTTP, or the connection broke. Check the proxy in front of the receiver.',
  blocked_address: 'The address is private, loopback or reserved: such are never called.',
};

/** What an attempt's outcome means for the engineer of the receiver; null where there is nothing to say. */
export function adviceFor({ status_code, error }: Pick<Attempt, 'status_code' | 'error'>): string | null {
  if (status_code === null) return errorAdvice[error?.split(':', 1)[0] ?? ''] ?? null;
  if (status_code < 300) return null;
  if (status_code < 400) return 'Redirects are not followed. Set the final address as the URL of the endpoint.';
  if (status_code === 401 || status_code === 403)
    return 'The receiver did not accept who we are: most often the secret or the way the signature is computed. Try the signature debugger.';
  if (status_code === 404 || status_code === 405)
    return 'The receiver knows no POST at this path. Check the URL of the endpoint.';
  if (status_code === 410) return '410 Gone says that the endpoint is no more: it was paused.';
  if (status_code === 413) return 'The receiver takes no body of this size. Raise its limit to 1 MB.';
  if (status_code === 429) return 'The receiver is asked too often. Set a rate limit at the endpoint.';
  if (status_code < 500) return 'An answer of this class is final, but for 408, 425 and 429.';
  return 'The receiver failed. Its own log says why.';
}
