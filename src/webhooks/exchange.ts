import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { AttemptError, AttemptResult } from '../domain/outcome.ts';
import { describeError } from './attempt-error.ts';
import { bodyText, maxBodyBytes } from './response-body.ts';
import { ResponseHead } from './response-head.ts';

/** Spec section 5: a response counts once its headers are there; its body is waited for at most this long. */
const maxBodyMs = 1_000;
/** A timer that fires later than due by this fired in a process that stood still (milliseconds). */
const lateMs = 100;
/** What came in during a pause of this process, or of the partner, is still read: well inside the attempt's lease. */
const graceMs = 1_000;

interface ExchangeOptions {
  timeoutMs: number;
  /**
   * The partner closed the connection without a byte of an answer: true when the request is made again, on another one.
   */
  repeat: () => boolean;
  /** Called once. The connection may be used again only where `isAnswered`. */
  settle: (result: AttemptResult) => void;
}

/**
 * One request and its answer, as undici gives it. Once the status line could be read, nothing behind it makes it a
 * failure. `settle` is called within `timeoutMs`, name look-up and TLS included; a second later where this process
 * stood still at that moment: an answer that is there already must not become a timeout, and the event be sent twice.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout;
  #head = new ResponseHead();
  #state: 'waiting' | 'sent' | 'answered' | 'settled' = 'waiting';
  #isComplete = false;
  #retryAfter: string | null = null;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#timer = setTimeout(() => this.#timeOut(), options.timeoutMs);
  }

  get settled(): boolean {
    return this.#state === 'settled';
  }

  /** Whether the answer was read to its end. */
  get isAnswered(): boolean {
    return this.#isComplete;
  }

  /** Whether bytes that come now are of its answer. */
  get isReading(): boolean {
    return this.#state === 'sent' || this.#state === 'answered';
  }

  get isTooLarge(): boolean {
    return this.#head.isTooLarge;
  }

  /** Sees the connection's bytes before undici: what of them is for its parser, or null. */
  read(chunk: Buffer): Buffer | null {
    return this.#head.read(chunk);
  }

  onRequestStart(): void {
    if (!this.settled) this.#state = 'sent';
  }

  onResponseStart(_: unknown, statusCode: number, headers: IncomingHttpHeaders): void {
    if (statusCode < 200 || this.settled) return;
    this.#state = 'answered';
    this.#retryAfter = firstOf(headers['retry-after']);
    clearTimeout(this.#timer);
    const leftMs = Math.max(0, this.#options.timeoutMs - this.#elapsedMs());
    this.#timer = setTimeout(() => this.#finish(null), Math.min(maxBodyMs, leftMs));
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (this.settled) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // The connection goes with the rest of the body: reading on to save it could take for ever.
    if (this.#bytes > maxBodyBytes) this.#finish(null);
  }

  onResponseEnd(): void {
    this.#isComplete = !this.settled;
    // undici gives the connection back one turn of the event loop from now:
    // told earlier, the next request would open another.
    this.#finish(null, (settle) => queueMicrotask(() => setImmediate(settle)));
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.settled) return;
    if (this.#head.bytes === 0 && this.#options.repeat()) this.#state = 'waiting';
    else this.#finish(describeError(error));
  }

  #timeOut(): void {
    const isUnsent = this.#state === 'waiting';
    if (isUnsent || this.#elapsedMs() < this.#options.timeoutMs + lateMs) this.#expire();
    else this.#timer = setTimeout(() => this.#expire(), graceMs);
  }

  #expire(): void {
    const seconds = this.#options.timeoutMs / 1_000;
    const missing = this.#state === 'waiting' ? 'connection' : 'response';
    this.#finish({ class: 'timeout', message: `No ${missing} within ${seconds} s.` });
  }

  /** `error` counts only where no status line could be read. */
  #finish(error: AttemptError | null, schedule: (settle: () => void) => void = (settle) => settle()): void {
    if (this.settled) return;
    this.#state = 'settled';
    clearTimeout(this.#timer);
    const { statusCode } = this.#head;
    const result: AttemptResult = {
      statusCode,
      responseBody: statusCode === null ? null : bodyText(Buffer.concat(this.#chunks)),
      retryAfter: this.#retryAfter,
      error: statusCode === null ? error : null,
      durationMs: Math.round(this.#elapsedMs()),
    };
    this.#chunks = [];
    schedule(() => this.#options.settle(result));
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }
}

const firstOf = (header: string | string[] | undefined): string | null =>
  (Array.isArray(header) ? header[0] : header) ?? null;
