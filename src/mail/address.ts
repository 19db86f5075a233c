import { domainToASCII } from 'node:url';

const localPart = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const asciiDomain = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Whether `text` is a mail address, international ones included: a dot-atom (RFC 5322 §3.4.1, RFC 6531 §3.3) at a
 * domain with a dot, at most 64 and 255 octets (RFC 5321 §4.5.3.1); no quoted local part, no address literal.
 */
export function isMailAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  const domain = domainToASCII(text.slice(at + 1));
  const isShort = Buffer.byteLength(local) <= 64 && domain.length <= 255;
  return at > 0 && isShort && localPart.test(local) && asciiDomain.test(domain);
}

/**
 * Whether only a mail server with SMTPUTF8 (RFC 6531) can take the address:
 * a domain alone has an ASCII form, a name has none.
 */
export const needsSmtpUtf8 = (address: string): boolean =>
  /[^\p{ASCII}]/u.test(address.slice(0, address.lastIndexOf('@')));
