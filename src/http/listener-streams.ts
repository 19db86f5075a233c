import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { requestsChannel } from '../db/listener-requests.ts';
import type { Listeners } from '../db/listeners.ts';
import type { Notifications } from '../db/notifications.ts';
import { DependencyUnavailableError } from '../errors.ts';

/** How long a listener may be silent before its endpoint is paused (milliseconds); it renews three times in that. */
export const leaseMs = 60_000;
/** A word now and then, so that neither side nor a proxy takes a quiet stream for a dead one (milliseconds). */
const heartbeatMs = 15_000;
const takenAtOnce = 50;

interface StreamDeps {
  listeners: Listeners;
  notifications: Notifications;
  /** Told of an endpoint whose lease ended with no stream open here. */
  onLost: (endpointId: string) => Promise<void>;
  onError: (error: unknown) => void;
  /** When a lease that is not renewed has ended after a stream has (milliseconds). */
  lostAfterMs?: number;
}

interface Stream {
  pump(): void;
  end(): void;
}

/**
 * The streams of listeners that this process holds (Server-Sent Events). Several processes may serve one listener, one
 * after the other: the stream opened last gets what is sent, and begins with what waits in the database.
 */
export class ListenerStreams {
  readonly #deps: StreamDeps;
  readonly #open = new Map<string, Stream>();
  #listening: Promise<unknown> | null = null;

  constructor(deps: StreamDeps) {
    this.#deps = deps;
  }

  /** Serves a listener until its connection ends. False: there is no such listener. */
  async serve(organizationId: string, endpointId: string, begin: () => ServerResponse): Promise<boolean> {
    await this.#listen();
    const streamId = randomUUID();
    if (!(await this.#deps.listeners.openStream(organizationId, endpointId, streamId))) return false;
    const response = begin();
    const stream = this.#stream(endpointId, streamId, response);
    this.#open.get(endpointId)?.end();
    this.#open.set(endpointId, stream);
    response.once('close', () => {
      this.#ended(endpointId, stream);
      // One that we ended, or that another one follows, says nothing of its listener.
      if (!response.writableEnded) this.#deps.listeners.endStream(endpointId, streamId).catch(this.#deps.onError);
    });
    stream.pump();
    return true;
  }

  /** Ends every stream: their listeners open another one elsewhere. */
  close(): void {
    for (const stream of this.#open.values()) stream.end();
  }

  async #listen(): Promise<void> {
    this.#listening ??= this.#deps.notifications.listen(requestsChannel, (endpointId) => {
      if (endpointId !== null) this.#open.get(endpointId)?.pump();
      else for (const stream of this.#open.values()) stream.pump();
    });
    try {
      await this.#listening;
    } catch (cause) {
      this.#listening = null;
      throw new DependencyUnavailableError('postgres', 'notifications cannot be heard', { cause });
    }
  }

  #stream(endpointId: string, streamId: string, response: ServerResponse): Stream {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': open\n\n');
    const takeAll = async (): Promise<void> => {
      for (let taken = takenAtOnce; taken === takenAtOnce && response.writable; ) {
        const requests = await this.#deps.listeners.take(endpointId, streamId, takenAtOnce);
        for (const request of requests) {
          response.write(`event: request\nid: ${request.id}\ndata: ${JSON.stringify(request)}\n\n`);
        }
        taken = requests.length;
      }
    };
    // One look at a time, and one more for what came during it.
    let looking: Promise<void> = Promise.resolve();
    const pump = (): void => {
      looking = looking.then(takeAll).catch(this.#deps.onError);
    };
    // It also looks: a connection that hears notifications may be dead without a sign.
    const heartbeat = setInterval(() => {
      response.write(':\n\n');
      pump();
    }, heartbeatMs);
    response.once('close', () => clearInterval(heartbeat));
    return { pump, end: () => response.end() };
  }

  #ended(endpointId: string, stream: Stream): void {
    if (this.#open.get(endpointId) === stream) this.#open.delete(endpointId);
    const { onLost, onError, lostAfterMs = leaseMs + 1_000 } = this.#deps;
    setTimeout(() => void onLost(endpointId).catch(onError), lostAfterMs).unref();
  }
}
