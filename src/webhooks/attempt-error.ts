import type { AttemptError } from '../domain/outcome.ts';
import { BlockedAddressError } from './address-guard.ts';

/**
 * Sentences for frequent errors; the others name the code. The error's own message may quote a URL
 * or received bytes.
 */
const known: Readonly<Record<string, AttemptError>> = {
  ENOTFOUND: { class: 'dns', message: 'The host name does not resolve.' },
  EAI_AGAIN: { class: 'dns', message: 'The name server did not answer.' },
  ECONNREFUSED: { class: 'connect', message: 'The connection was refused.' },
  ECONNRESET: { class: 'connect', message: 'The connection was closed before a response arrived.' },
  EPIPE: { class: 'connect', message: 'The connection was closed before a response arrived.' },
  UND_ERR_SOCKET: { class: 'connect', message: 'The connection was closed before a response arrived.' },
  EHOSTUNREACH: { class: 'connect', message: 'There is no route to the host.' },
  ENETUNREACH: { class: 'connect', message: 'There is no route to the host.' },
  ETIMEDOUT: { class: 'timeout', message: 'The host did not accept a connection in time.' },
  UND_ERR_CONNECT_TIMEOUT: { class: 'timeout', message: 'The host did not accept a connection in time.' },
  CERT_HAS_EXPIRED: { class: 'tls', message: 'The certificate has expired.' },
  CERT_NOT_YET_VALID: { class: 'tls', message: 'The certificate is not valid yet.' },
  ERR_TLS_CERT_ALTNAME_INVALID: { class: 'tls', message: 'The certificate is for another host name.' },
  DEPTH_ZERO_SELF_SIGNED_CERT: { class: 'tls', message: 'The certificate is self-signed.' },
  SELF_SIGNED_CERT_IN_CHAIN: { class: 'tls', message: 'The certificate chain contains a self-signed certificate.' },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { class: 'tls', message: 'The certificate chain is incomplete.' },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { class: 'tls', message: 'The certificate is not from a trusted authority.' },
  UND_ERR_HEADERS_OVERFLOW: { class: 'protocol', message: 'The response headers are too large.' },
};

const tlsCode = /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_|EPROTO)/;
const dnsCode = /^(EAI_|EBADNAME$|EBADRESP$|EFORMERR$|ENODATA$|ENONAME$|ENOTIMP$|EREFUSED$|ESERVFAIL$|ETIMEOUT$)/;
const systemCode = /^E[A-Z]+$/;

/** The class and one sentence for an exchange that gave no response. */
export function describeError(error: unknown): AttemptError {
  if (error instanceof BlockedAddressError) return { class: 'blocked_address', message: `${error.message}.` };
  const code = codeOf(error);
  const found = known[code];
  if (found !== undefined) return found;
  if (tlsCode.test(code)) return { class: 'tls', message: `The secure connection failed (${code}).` };
  if (dnsCode.test(code)) return { class: 'dns', message: `The host name could not be resolved (${code}).` };
  if (systemCode.test(code)) return { class: 'connect', message: `The connection failed (${code}).` };
  return { class: 'protocol', message: `The answer is not a valid HTTP response${code === '' ? '' : ` (${code})`}.` };
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : '';
}
