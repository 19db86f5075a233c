import type { ForwardedRequest } from './stream.ts';

/** What goes back to the service: `POST …/requests/{id}`. */
export interface LocalAnswer {
  status_code: number | null;
  retry_after: string | null;
  body: string | null;
  error: { class: 'connect' | 'timeout' | 'tls' | 'protocol'; message: string } | null;
}

export type Forward = (request: Pick<ForwardedRequest, 'headers' | 'body'>) => Promise<LocalAnswer>;

/**
 * The attempt times out at the sender anyway: this only ends a request whose answer has come too late (milliseconds).
 */
const timeoutMs = 60_000;
/** As much of a response as is kept of any attempt (bytes). */
const maxBodyBytes = 4_096;

/** Posts to a local program, byte for byte as it was signed. Without a URL everything is answered with 200. */
export const forwarder =
  (url: string | undefined): Forward =>
  async ({ headers, body }) => {
    if (url === undefined) return { status_code: 200, retry_after: null, body: '', error: null };
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      return {
        status_code: response.status,
        retry_after: response.headers.get('retry-after'),
        body: await startOf(response),
        error: null,
      };
    } catch (error) {
      return { status_code: null, retry_after: null, body: null, error: describe(error as Error) };
    }
  };

async function startOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).length;
    if (size >= maxBodyBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBodyBytes).toString('utf8').replaceAll('\0', '');
}

function describe(error: Error): NonNullable<LocalAnswer['error']> {
  const code = String((error.cause as { code?: unknown } | undefined)?.code ?? '');
  if (error.name === 'TimeoutError') return { class: 'timeout', message: 'The local program did not answer.' };
  if (code === 'ECONNREFUSED')
    return { class: 'connect', message: 'Nothing listens there: the connection was refused.' };
  if (code.startsWith('ERR_TLS') || code.includes('CERT')) {
    return { class: 'tls', message: `The secure connection to the local program failed (${code}).` };
  }
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') {
    return { class: 'connect', message: 'The local program closed the connection before it answered.' };
  }
  return { class: 'connect', message: `The local program cannot be reached${code === '' ? '' : ` (${code})`}.` };
}
