/** One of the things that a verifier checks. */
export interface Check {
  name: string;
  state: 'passed' | 'failed' | 'skipped';
  /** What was found, and where it fails the usual cause. */
  words: string;
}

export interface Given {
  secret: string;
  /** As they arrived: `name: value`, a line each. */
  headers: string;
  body: string;
}

/** A verifier refuses what is older or newer (Standard Webhooks: five minutes). */
const toleranceSeconds = 300;
const prefix = 'whsec_';
const text = new TextEncoder();
type Bytes = Uint8Array<ArrayBuffer>;

/** Header lines by lower-case name; a line without a colon is left out. */
export function readHeaders(lines: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of lines.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) found.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return found;
}

/**
 * Checks a request as a receiver should: the secret's form, the time, and both signatures (spec section 3). All of it
 * happens here, with the browser's WebCrypto: nothing is sent anywhere.
 */
export async function verify({ secret, headers, body }: Given, now: number): Promise<Check[]> {
  const found = readHeaders(headers);
  const key = secret.trim();
  const ofBody = await checkBodySignature(key, found, body);
  return [
    checkSecret(key, secret),
    checkTimestamp(found.get('webhook-timestamp'), now),
    ofBody,
    await checkStandardSignature(key, found, body, ofBody.state === 'passed'),
  ];
}

function checkSecret(key: string, typed: string): Check {
  const name = 'Secret';
  if (!key.startsWith(prefix)) return failed(name, 'It does not begin with whsec_. Paste it whole, as it was shown.');
  if (decoded(key)?.length !== 32)
    return failed(name, 'Behind whsec_ there are not 32 bytes of base64: a part is missing.');
  if (typed !== key)
    return { name, state: 'passed', words: 'Well formed; there was a blank around it, which your code must not keep.' };
  return passed(name, 'Well formed.');
}

function checkTimestamp(given: string | undefined, now: number): Check {
  const name = 'webhook-timestamp';
  if (given === undefined) return skipped(name, 'The header is not among those pasted.');
  if (!/^\d+$/.test(given)) return failed(name, 'It is not a number of seconds since 1970.');
  const age = Math.round(now / 1_000) - Number(given);
  const words = age >= 0 ? `${age} s old` : `${-age} s in the future`;
  if (Math.abs(age) <= toleranceSeconds) return passed(name, `It is ${words}.`);
  return failed(
    name,
    `It is ${words}: verifiers take five minutes. Of a request you kept that is right; of a fresh one your server's clock is wrong.`,
  );
}

async function checkBodySignature(key: string, found: Map<string, string>, body: string): Promise<Check> {
  const name = 'X-Spark360-Signature';
  const candidates = [found.get('x-spark360-signature'), found.get('x-spark360-signature-next')].filter(
    (one) => one !== undefined,
  );
  if (candidates.length === 0) return skipped(name, 'The header is not among those pasted.');
  const isSigned = async (secret: Bytes, tried: string) =>
    candidates.includes(`sha256=${toHex(await hmac(secret, tried))}`);
  const whole = text.encode(key);
  if (await isSigned(whole, body)) return passed(name, 'HMAC-SHA256 of the body, keyed with the whole secret, as hex.');
  const bytes = decoded(key);
  if (bytes !== null && (await isSigned(bytes, body)))
    return failed(
      name,
      'Keyed with the decoded part: this header is keyed with the secret string as shown, whsec_ included.',
    );
  return failed(name, await bodyCause(body, (tried) => isSigned(whole, tried)));
}

async function checkStandardSignature(
  key: string,
  found: Map<string, string>,
  body: string,
  isBodyRight: boolean,
): Promise<Check> {
  const name = 'webhook-signature';
  const given = found.get('webhook-signature')?.split(' ') ?? [];
  const id = found.get('webhook-id');
  const timestamp = found.get('webhook-timestamp');
  if (given.length === 0) return skipped(name, 'The header is not among those pasted.');
  if (id === undefined || timestamp === undefined)
    return failed(name, 'It signs webhook-id and webhook-timestamp too: paste them as well.');
  const bytes = decoded(key);
  if (bytes === null) return failed(name, 'The secret cannot be decoded: see above.');
  const isSigned = async (secret: Bytes, tried: string) =>
    given.includes(`v1,${toBase64(await hmac(secret, `${id}.${timestamp}.${tried}`))}`);
  if (await isSigned(bytes, body))
    return passed(
      name,
      given.length > 1
        ? 'One of the listed signatures is of this secret: a rotation is under way.'
        : 'HMAC-SHA256 of id.timestamp.body, keyed with the decoded secret.',
    );
  if (await isSigned(text.encode(key), body))
    return failed(
      name,
      'Keyed with the whole string: here the part behind whsec_ has to be decoded from base64 first.',
    );
  if (isBodyRight)
    return failed(name, 'Secret and body are right: webhook-id or webhook-timestamp is not what was signed.');
  return failed(name, await bodyCause(body, (tried) => isSigned(bytes, tried)));
}

/** Why a signature of the body differs, as far as trying tells. */
async function bodyCause(body: string, isSigned: (tried: string) => Promise<boolean>): Promise<string> {
  for (const [tried, words] of rewritings(body)) {
    if (tried !== body && (await isSigned(tried))) return words;
  }
  return 'It is of another secret or another body. Usual causes: the body was parsed and written again (sign the raw bytes), the secret of another endpoint, or one from before a rotation.';
}

function rewritings(body: string): [string, string][] {
  const forms: [string, string][] = [[body.trim(), 'The body pasted has a line end or blank that was not sent.']];
  try {
    forms.push([
      JSON.stringify(JSON.parse(body)),
      'The body was parsed and written again: read the raw bytes before any JSON parser.',
    ]);
  } catch {
    // No JSON: there is nothing that could have been rewritten.
  }
  return forms;
}

async function hmac(secret: Bytes, message: string): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, text.encode(message)));
}

function decoded(secret: string): Bytes | null {
  try {
    return Uint8Array.from(atob(secret.slice(prefix.length)), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

const toHex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

const passed = (name: string, words: string): Check => ({ name, state: 'passed', words });
const failed = (name: string, words: string): Check => ({ name, state: 'failed', words });
const skipped = (name: string, words: string): Check => ({ name, state: 'skipped', words });
