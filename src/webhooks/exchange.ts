import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { AttemptError, AttemptResult } from '../domain/outcome.ts';
import { describeError } from './attempt-error.ts';
import { bodyText, maxBodyBytes } from './response-body.ts';

/** Spec section 5: a response counts once its headers are there; its body is waited for at most this long. */
const maxBodyMs = 1_000;
/** A clock that rings so much too late rang in a process that stood still (milliseconds). */
const lateMs = 100;
/** What came in meanwhile, or comes as soon as the partner goes on too, is then still read: well inside the attempt's lease. */
const graceMs = 1_000;

/**
 * One request and its answer, as undici tells it. `settle` is called once, at the latest after `timeoutMs`, counted from here:
 * name, connection and TLS included; a second later where this process stood still when that was over, so that an answer which
 * is there already is not called a timeout, and the event sent twice. What happens on the connection afterwards changes nothing.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #timeoutMs: number;
  readonly #settle: (result: AttemptResult) => void;
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | null = null;
  #settled = false;
  #statusCode: number | null = null;
  #retryAfter: string | null = null;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(timeoutMs: number, settle: (result: AttemptResult) => void) {
    this.#timeoutMs = timeoutMs;
    this.#settle = settle;
    this.#timer = setTimeout(() => this.#timeOut(), timeoutMs);
  }

  get settled(): boolean {
    return this.#settled;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#settled) this.#abort(); // It expired while it waited for a connection: nothing has been written yet.
  }

  onResponseStart(_: unknown, statusCode: number, headers: IncomingHttpHeaders): void {
    if (statusCode < 200 || this.#settled) return;
    this.#statusCode = statusCode;
    this.#retryAfter = firstOf(headers['retry-after']);
    clearTimeout(this.#timer);
    const leftMs = Math.max(0, this.#timeoutMs - this.#elapsedMs());
    this.#timer = setTimeout(() => this.#stopReading(), Math.min(maxBodyMs, leftMs));
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (this.#settled) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > maxBodyBytes) this.#stopReading();
  }

  onResponseEnd(): void {
    // undici gives the connection back one turn of the event loop from now: told earlier, the next request would open another.
    this.#finish(null, (settle) => queueMicrotask(() => setImmediate(settle)));
  }

  onResponseError(_: unknown, error: Error): void {
    this.#finish(this.#statusCode === null ? describeError(error) : null);
  }

  #timeOut(): void {
    const isUnsent = this.#controller === null;
    if (isUnsent || this.#elapsedMs() < this.#timeoutMs + lateMs) this.#expire();
    else this.#timer = setTimeout(() => this.#expire(), graceMs);
  }

  #expire(): void {
    const seconds = this.#timeoutMs / 1_000;
    const message =
      this.#controller === null ? `No connection within ${seconds} s.` : `No response within ${seconds} s.`;
    this.#finish({ class: 'timeout', message });
    this.#abort();
  }

  /** The connection goes with the rest of the body: reading on to save it could take for ever. */
  #stopReading(): void {
    this.#finish(null);
    this.#abort();
  }

  #abort(): void {
    this.#controller?.abort(new Error('not needed any more'));
  }

  #finish(error: AttemptError | null, schedule: (settle: () => void) => void = (settle) => settle()): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    const result: AttemptResult = {
      statusCode: this.#statusCode,
      responseBody: this.#statusCode === null ? null : bodyText(Buffer.concat(this.#chunks)),
      retryAfter: this.#retryAfter,
      error,
      durationMs: Math.round(this.#elapsedMs()),
    };
    this.#chunks = [];
    schedule(() => this.#settle(result));
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }
}

const firstOf = (header: string | string[] | undefined): string | null =>
  (Array.isArray(header) ? header[0] : header) ?? null;
