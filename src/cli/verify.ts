import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SavedRequest } from './http-message.ts';

/** One of the four things that are checked, as in the console (spec section 3). */
export interface Check {
  check: 'secret' | 'webhook-timestamp' | 'x-spark360-signature' | 'webhook-signature';
  ok: boolean;
  detail: string;
  /** What usually is behind such a failure; null where it is not known, or nothing failed. */
  cause: string | null;
}

/** Standard Webhooks: a receiver rejects what is older, or newer, than this (milliseconds). */
const toleranceMs = 300_000;
const prefix = 'whsec_';

const hexOf = (key: string | Buffer, body: Buffer): string => createHmac('sha256', key).update(body).digest('hex');
const decoded = (secret: string): Buffer => Buffer.from(secret.replace(prefix, ''), 'base64');

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Checks a saved request against a signing secret. @param now epoch milliseconds */
export function verify(request: SavedRequest, secret: string, now: number): Check[] {
  const ofBody = whole(request, secret);
  return [form(secret), timestamp(request, now), ofBody, standard(request, secret, ofBody.ok)];
}

export const isVerified = (checks: readonly Check[]): boolean => checks.every(({ ok }) => ok);

function form(secret: string): Check {
  const check = 'secret';
  if (/^whsec_[A-Za-z0-9+/]{43}=$/.test(secret)) return { check, ok: true, detail: 'is well formed', cause: null };
  const cause = 'It was not copied whole, or has a blank or quotes around it: it is whsec_ and the base64 of 32 bytes.';
  return { check, ok: false, detail: 'is no signing secret', cause };
}

/**
 * `webhook-signature`: keyed with the decoded bytes behind `whsec_`, over id, timestamp and body. Any part may hold.
 */
function standard({ headers, body }: SavedRequest, secret: string, isBodyRight: boolean): Check {
  const check = 'webhook-signature';
  const [id, sentAt, given] = [headers.get('webhook-id'), headers.get('webhook-timestamp'), headers.get(check)];
  if (id === undefined || sentAt === undefined || given === undefined) {
    return missing(check, 'webhook-id, webhook-timestamp or webhook-signature');
  }
  const parts = given.split(' ').map((part) => part.replace(/^v1,/, ''));
  const holds = (key: string | Buffer, bytes: Buffer): boolean => {
    const expected = createHmac('sha256', key).update(`${id}.${sentAt}.`).update(bytes).digest('base64');
    return parts.some((part) => isEqual(part, expected));
  };
  const keys = { right: decoded(secret), wrong: secret, wrongWas: 'the whole secret string' };
  const usual = isBodyRight
    ? 'Secret and body are right: webhook-id or webhook-timestamp is not what was signed.'
    : otherOne;
  const found = result(check, holds, keys, body, usual);
  const eventId = eventIdOf(body);
  if (found.ok || eventId === null || eventId === id) return found;
  return {
    ...found,
    cause: `Headers and body are of two requests: webhook-id is not the event_id of the body, ${eventId}.`,
  };
}

/** `X-Spark360-Signature`, or `-Next` during a rotation: keyed with the whole secret string, over the body. */
function whole({ headers, body }: SavedRequest, secret: string): Check {
  const check = 'x-spark360-signature';
  const parts = [headers.get(check), headers.get(`${check}-next`)].filter((part) => part !== undefined);
  if (parts.length === 0) return missing(check, check);
  const holds = (key: string | Buffer, bytes: Buffer): boolean =>
    parts.some((part) => isEqual(part.replace(/^sha256=/, ''), hexOf(key, bytes)));
  return result(check, holds, { right: secret, wrong: decoded(secret), wrongWas: 'the decoded part only' }, body);
}

const otherOne =
  'Another secret (of another endpoint, or from before a rotation), or a body that was changed after it was signed.';

interface Keys {
  right: string | Buffer;
  /** What a receiver often takes instead. */
  wrong: string | Buffer;
  wrongWas: string;
}

function result(
  check: Check['check'],
  holds: (key: string | Buffer, body: Buffer) => boolean,
  { right, wrong, wrongWas }: Keys,
  body: Buffer,
  usual = otherOne,
): Check {
  if (holds(right, body)) return { check, ok: true, detail: 'holds', cause: null };
  const failed = (cause: string | null): Check => ({ check, ok: false, detail: 'does not hold', cause });
  if (holds(wrong, body)) return failed(`It was made with ${wrongWas} as the key: not by this service.`);
  for (const [change, bytes] of changes(body)) {
    if (holds(right, bytes)) return failed(`${change} Verify the raw bytes, before anything parses them.`);
  }
  return failed(usual);
}

/** What frameworks and editors do to a body, undone. */
function* changes(body: Buffer): Generator<[change: string, bytes: Buffer]> {
  const text = body.toString('utf8');
  yield ['The body has a line end more than was signed.', Buffer.from(text.replace(/\r?\n$/, ''))];
  yield ['The body has a line end less than was signed.', Buffer.from(`${text}\n`)];
  yield ['Line ends of the body were changed to CRLF.', Buffer.from(text.replaceAll('\r\n', '\n'))];
  try {
    yield ['The body was parsed and written again as other JSON.', Buffer.from(JSON.stringify(JSON.parse(text)))];
  } catch {
    // No JSON: then nothing wrote it again as such.
  }
}

function timestamp({ headers }: SavedRequest, now: number): Check {
  const check = 'webhook-timestamp';
  const given = headers.get(check);
  if (given === undefined || !/^\d{1,12}$/.test(given)) return missing(check, check);
  const ageMs = now - Number(given) * 1_000;
  const words = `${Math.abs(Math.round(ageMs / 1_000))} s ${ageMs >= 0 ? 'ago' : 'ahead'}`;
  if (Math.abs(ageMs) <= toleranceMs) return { check, ok: true, detail: words, cause: null };
  return {
    check,
    ok: false,
    detail: `${words}, more than ${toleranceMs / 1_000} s`,
    cause:
      ageMs > 0
        ? 'A replay or a request saved a while ago (give its time with --at), or a clock that is ahead.'
        : 'This clock is behind, or the time is in milliseconds: it is in seconds.',
  };
}

function eventIdOf(body: Buffer): string | null {
  try {
    const { event_id } = JSON.parse(body.toString('utf8')) as { event_id?: unknown };
    return typeof event_id === 'string' ? event_id : null;
  } catch {
    return null;
  }
}

const missing = (check: Check['check'], names: string): Check => ({
  check,
  ok: false,
  detail: `${names}: not there, or not readable`,
  cause: 'A proxy or a framework dropped the header, or the request is not from this service.',
});
