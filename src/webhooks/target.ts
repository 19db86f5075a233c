import type { buildConnector } from 'undici';
import { Connection } from './connection.ts';

/** How long an endpoint that wrote what no request had asked for gets a connection for each request (milliseconds). */
const mistrustMs = 60_000;

interface TargetOptions {
  origin: string;
  connect: buildConnector.connector;
  maxOpen: number;
  maxAgeMs: number;
}

/**
 * One endpoint's connections. Two endpoints never share any, same host or not: a slow one delays no other (spec section
 * 5). At most `maxOpen` requests are open at once, in this process; the others start in order as these end.
 */
export class Target {
  readonly #options: TargetOptions;
  readonly #waiting: Waiting[] = [];
  /** The one used last is at the end, and used next: the others may reach their time of rest. */
  readonly #idle: Connection[] = [];
  #open = 0;
  #onDrained: (() => void) | undefined;
  #lastUsedAt = Date.now();
  #unaskedAt = Number.NEGATIVE_INFINITY;

  /**
   * A connection older than `maxAgeMs` gives way to a new one,
   * so that a change in DNS is noticed under steady traffic too.
   */
  constructor(options: TargetOptions) {
    this.#options = options;
  }

  run(request: Waiting): void {
    this.#waiting.push(request);
    this.#next();
  }

  /** A new connection for a request that was started, in place of the one it was given. */
  connect(): Connection {
    const { origin, connect } = this.#options;
    return new Connection({
      origin,
      connect,
      onClosed: (closed) => this.#forget(closed),
      onUnasked: () => this.#mistrust(),
    });
  }

  /** To be called once for every request that was started; `isAnswered`: its answer was read to the end. */
  release(connection: Connection, isAnswered: boolean): void {
    this.#open -= 1;
    const isKept = isAnswered && connection.finish() && !this.#isOld(connection) && !this.#isMistrusted();
    if (isKept) this.#idle.push(connection);
    else void connection.destroy();
    this.#next();
    if (this.#open === 0) this.#onDrained?.();
  }

  isIdleSince(time: number): boolean {
    return this.#open === 0 && this.#lastUsedAt < time;
  }

  /** Waits for the requests, not for connections that are still being made for requests that have expired. */
  async close(): Promise<void> {
    if (this.#open > 0) {
      await new Promise<void>((drained) => {
        this.#onDrained = drained;
      });
    }
    await this.#closeIdle();
  }

  #next(): void {
    while (this.#open < this.#options.maxOpen) {
      const request = this.#waiting.shift();
      if (request === undefined) return;
      if (request.isSettled()) continue;
      this.#open += 1;
      this.#lastUsedAt = Date.now();
      request.start(this.#takeIdle() ?? this.connect());
    }
  }

  #takeIdle(): Connection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (!this.#isOld(connection)) return connection;
      void connection.destroy();
    }
    return undefined;
  }

  /**
   * What comes on an idle connection is noticed; what comes just after the next request went out looks like its answer.
   */
  #mistrust(): void {
    this.#unaskedAt = Date.now();
    void this.#closeIdle();
  }

  #isMistrusted = (): boolean => Date.now() - this.#unaskedAt < mistrustMs;

  async #closeIdle(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((connection) => connection.destroy()));
  }

  #isOld = ({ openedAt }: Connection): boolean => Date.now() - openedAt > this.#options.maxAgeMs;

  #forget(connection: Connection): void {
    const at = this.#idle.indexOf(connection);
    if (at === -1) return;
    this.#idle.splice(at, 1);
    void connection.destroy();
  }
}

interface Waiting {
  /** It expired while it waited: nothing will be sent. */
  isSettled: () => boolean;
  start: (connection: Connection) => void;
}
