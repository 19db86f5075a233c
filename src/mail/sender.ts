import { isIP } from 'node:net';

/**
 * The address mails come from: `from` in the query of `SMTP_URL`, else the user it signs in with when that is an address,
 * else `no-reply` at the host of `PUBLIC_URL`.
 */
export function senderAddress({
  smtpUrl,
  publicUrl,
}: {
  smtpUrl?: string | undefined;
  publicUrl?: string | undefined;
}): string {
  if (smtpUrl !== undefined) {
    const { searchParams, username } = new URL(smtpUrl);
    const given = searchParams.get('from') ?? decodeURIComponent(username);
    if (given.includes('@')) return given;
  }
  const host = publicUrl === undefined ? 'localhost' : new URL(publicUrl).hostname;
  return `no-reply@${isIP(host) === 0 && !host.startsWith('[') ? host : 'localhost'}`;
}
