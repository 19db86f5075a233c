import type { Socket } from 'node:net';
import { type buildConnector, Client, type Dispatcher, errors } from 'undici';
import type { Exchange } from './exchange.ts';
import { maxHeadBytes } from './response-head.ts';

export interface ConnectionOptions {
  origin: string;
  connect: buildConnector.connector;
  /** It was there and has ended. */
  onClosed: (connection: Connection) => void;
  /** It ended because the partner wrote what no request had asked for. */
  onUnasked: () => void;
}

/**
 * One connection to an endpoint, with one request at a time: an undici client whose socket is read
 * through `Exchange.read`.
 */
export class Connection {
  readonly openedAt = Date.now();
  readonly #client: Client;
  readonly #onUnasked: () => void;
  #socket: Socket | null = null;
  #exchange: Exchange | null = null;
  /** Answers read from the socket that is open now. */
  #answers = 0;

  /** It is opened by the first request. */
  constructor({ origin, connect, onClosed, onUnasked }: ConnectionOptions) {
    this.#onUnasked = onUnasked;
    this.#client = new Client(origin, {
      connect: (target, callback) => {
        this.#answers = 0;
        connect(target, (...[error, socket]) => {
          if (error !== null) return callback(error, null);
          this.#readThroughExchange(socket);
          callback(null, socket);
        });
      },
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: maxHeadBytes,
      // The exchange has its own clock, so undici's are off.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#client.on('disconnect', () => onClosed(this));
  }

  /** The partner has answered on it before, so it may have closed it between two requests. */
  get isReused(): boolean {
    return this.#answers > 0;
  }

  run(request: Dispatcher.DispatchOptions, exchange: Exchange): void {
    this.#exchange = exchange;
    this.#client.dispatch(request, exchange);
  }

  /** Whether the next request may go over it, after an answer that was read to its end. */
  finish(): boolean {
    this.#exchange = null;
    this.#answers += 1;
    const socket = this.#socket;
    // What is unwritten is the rest of a request that was answered early: the next one would wait behind it.
    return socket !== null && !socket.destroyed && socket.writableLength === 0;
  }

  /** Ends what is under way, also what has not been written yet. */
  async destroy(): Promise<void> {
    this.#exchange = null;
    await this.#client.destroy();
  }

  /**
   * undici takes all bytes of a socket by `read()`, so this is the one place where they can be seen first.
   * Bytes that no request asked for would be taken for the next one's answer: they end the connection.
   */
  #readThroughExchange(socket: Socket): void {
    const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
    this.#socket = socket;
    socket.read = (size) => {
      for (let chunk = read(size); chunk !== null; chunk = read(size)) {
        if (this.#exchange?.isReading !== true) {
          // Of an answer that was left in its middle some may be here still.
          if (!socket.destroyed) this.#onUnasked();
          socket.destroy();
          return null;
        }
        const passed = this.#exchange.read(chunk);
        if (this.#exchange.isTooLarge) socket.destroy(new errors.HeadersOverflowError());
        if (passed !== null && passed.length > 0) return passed;
      }
      return null;
    };
  }
}
