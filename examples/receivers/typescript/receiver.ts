// A receiver of Spark360 webhooks as ../CONTRACT.md describes it: verified, stored once, gaps known. No dependencies.
//   SPARK360_SECRETS=whsec_… STORE=events.jsonl PORT=3000 node receiver.ts        (Node 22.18 or newer runs it as it is)
import { createHmac, timingSafeEqual } from 'node:crypto';
import { appendFileSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import { pathToFileURL } from 'node:url';

const toleranceSeconds = 300;
const largestBody = 4 * 1024 * 1024;

/**
 * `secrets`: all that may have signed, two during a rotation's overlap. Without a file events are kept in memory only.
 */
export function createReceiver({ secrets, file }: { secrets: readonly string[]; file?: string }): Server {
  const store = openStore(file);
  const respond = async (request: IncomingMessage): Promise<[status: number, content?: object]> => {
    if (request.method === 'GET' && request.url === '/health') return [200, { stored: store.count() }];
    if (request.method === 'GET' && request.url === '/gaps') return [200, store.gaps()];
    if (request.method !== 'POST') return [404];
    const body = await readBody(request);
    if (body === null) return [413];
    return [isGenuine(body, request.headers, secrets) ? store.add(body, request.headers) : 401];
  };
  return createServer(async (request, response) => {
    const [status, content] = await respond(request).catch((error) => [console.error(error) ?? 500] as const);
    response.writeHead(status).end(content && JSON.stringify(content));
  });
}

/** The bytes as sent, or null where they are too many. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop must not end the connection: an answer follows.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += chunk.length;
    if (length > largestBody) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isGenuine(body: Buffer, headers: IncomingHttpHeaders, secrets: readonly string[]): boolean {
  const header = (name: string): string => String(headers[name] ?? '');
  const listed = header('webhook-signature');
  const timestamp = header('webhook-timestamp');
  const isRecent = Math.abs(Date.now() / 1000 - Number(timestamp || Number.NaN)) <= toleranceSeconds;
  if (listed && !isRecent) return false;
  // Without the Standard Webhooks headers, which a proxy may drop, age is unknown: duplicates are noticed all the same.
  const given = (listed || `${header('x-spark360-signature')} ${header('x-spark360-signature-next')}`).split(' ');
  const signed = Buffer.concat([Buffer.from(`${header('webhook-id')}.${timestamp}.`), body]);
  const expected = secrets.map((secret) => {
    if (!listed) return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  });
  return given.some((one) => expected.some((other) => isEqual(Buffer.from(one), Buffer.from(other))));
}

const isEqual = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);

/** One line of the file. `late`: its sequence came after a higher one. `body`: the JSON as it was sent. */
interface StoredEvent {
  event_id: string;
  subject: string;
  sequence: number | null;
  kind: 'normal' | 'late' | 'resend' | 'test';
  body: string;
}

/**
 * `add` never awaits, so no other request comes in between: each call is a transaction, and what it appends one line.
 */
function openStore(file: string | undefined) {
  const events = new Map<string, StoredEvent>();
  const last = new Map<string, number>();
  const missing = new Map<string, { subject: string; sequence: number }>();
  const apply = (event: StoredEvent): void => {
    const { event_id, subject, sequence, kind } = event;
    events.set(event_id, event);
    missing.delete(`${subject}/${sequence}`);
    if (kind !== 'normal' || sequence === null) return;
    for (let n = (last.get(subject) ?? 0) + 1; n < sequence; n += 1)
      missing.set(`${subject}/${n}`, { subject, sequence: n });
    last.set(subject, sequence);
  };
  const log = file === undefined ? null : openLog(file, apply);
  return {
    count: () => events.size,
    gaps: () => ({
      missing: [...missing.values()],
      late: [...events.values()].filter(({ kind }) => kind === 'late').map(({ body, ...rest }) => rest),
    }),
    add(body: Buffer, headers: IncomingHttpHeaders): 200 | 204 {
      const { event_id, data } = JSON.parse(body.toString());
      if (events.has(event_id)) return 200;
      const subject: string = data.lead_id ?? data.widget.widget_ref_id;
      const sequence = headers['x-spark360-sequence'] ? Number(headers['x-spark360-sequence']) : null;
      const ordered = sequence !== null && sequence > (last.get(subject) ?? 0) ? 'normal' : 'late';
      const kind = headers['x-spark360-test'] ? 'test' : headers['x-spark360-resend'] ? 'resend' : ordered;
      const event: StoredEvent = { event_id, subject, sequence, kind, body: body.toString() };
      // Each line begins with its line break: it stays whole where the one before was cut.
      if (log !== null) appendFileSync(log, `\n${JSON.stringify(event)}`);
      if (log !== null) fsyncSync(log);
      apply(event);
      return 204;
    },
  };
}

function openLog(file: string, apply: (event: StoredEvent) => void): number {
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    try {
      apply(JSON.parse(line));
    } catch {} // A crash may have cut a line.
  }
  return openSync(file, 'a');
}

if (pathToFileURL(process.argv[1] ?? '').href === import.meta.url) {
  const { SPARK360_SECRETS = '', STORE = 'events.jsonl', PORT = '3000' } = process.env;
  const secrets = SPARK360_SECRETS.split(' ').filter(Boolean);
  if (secrets.length === 0) throw new Error('SPARK360_SECRETS: expected one or more secrets, separated by spaces');
  createReceiver({ secrets, file: STORE }).listen(Number(PORT), '127.0.0.1');
}
