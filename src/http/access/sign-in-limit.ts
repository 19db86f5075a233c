import ipaddr from 'ipaddr.js';
import { ApiError } from '../../errors.ts';

const mostFailures = 10;
const windowMs = 60_000;
/** Addresses remembered at most: the oldest is forgotten first. */
const mostAddresses = 10_000;

/**
 * Bounds how fast keys can be guessed at the sign-in: ten failures a minute from one address (a /64 of IPv6), in this
 * process. An attempt counts from its beginning, so guesses side by side count too; a success takes back its own.
 */
export class SignInLimit {
  readonly #windows = new Map<string, { failures: number; endsAt: number }>();
  readonly #now: () => number;
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * Begins an attempt; call what it gives when the key was right.
   * @throws `too_many_sign_ins`, with `Retry-After`
   */
  begin(address: string): () => void {
    const source = sourceOf(address);
    const now = this.#now();
    let window = this.#windows.get(source);
    if (window === undefined || window.endsAt <= now) {
      window = { failures: 0, endsAt: now + windowMs };
      this.#windows.delete(source);
      this.#windows.set(source, window);
      for (const oldest of this.#windows.keys()) {
        if (this.#windows.size <= mostAddresses) break;
        this.#windows.delete(oldest);
      }
    }
    if (window.failures >= mostFailures) {
      const retryAfter = String(Math.ceil((window.endsAt - now) / 1_000));
      throw new ApiError('too_many_sign_ins', undefined, { headers: { 'retry-after': retryAfter } });
    }
    const begun = window;
    begun.failures += 1;
    return () => {
      begun.failures -= 1;
    };
  }
}

/** One subscriber has a whole /64 of IPv6 (RFC 6177), so it counts as one address. */
function sourceOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv6' ? (parsed as ipaddr.IPv6).parts.slice(0, 4).join(':') : parsed.toString();
}
