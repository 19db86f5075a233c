import type { Workers } from '../db/workers.ts';
import type { Wake } from '../domain/wake.ts';
import type { Log } from '../log.ts';
import type { EndpointQueue } from './endpoint-queue.ts';

/** How often a process says that it lives (milliseconds); well inside what it takes to be called dead. */
const beatMs = 2_000;

export interface HeartbeatDeps {
  owner: string;
  workers: Workers;
  queue: Pick<EndpointQueue, 'dispatchAll'>;
  wake: (wake: Wake) => Promise<void>;
  log: Pick<Log, 'warn'>;
}

/**
 * Says that this process lives, so that no other one makes its attempts again, and takes over from those that died:
 * their lanes are told to ask, and what they were to dispatch is dispatched.
 */
export class Heartbeat {
  readonly #deps: HeartbeatDeps;
  #timer: NodeJS.Timeout | undefined;
  #isBeating = false;

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
  }

  /** Before the first attempt: one of a process that is not known may be made again by another. */
  async start(): Promise<void> {
    await this.#deps.workers.seen(this.#deps.owner);
    this.#timer = setInterval(() => void this.#beat(), beatMs).unref();
  }

  /** After the last attempt. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#deps.workers.ended(this.#deps.owner).catch(() => {});
  }

  async #beat(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    const { owner, workers, log } = this.#deps;
    try {
      await workers.seen(owner);
      const lanes = await workers.takeDead(owner);
      if (lanes !== null) await this.#takeOver(lanes);
    } catch (error) {
      log.warn({ err: error }, 'could not say that this process lives');
    } finally {
      this.#isBeating = false;
    }
  }

  async #takeOver(lanes: readonly Wake[]): Promise<void> {
    const { queue, wake, log } = this.#deps;
    log.warn({ lanes: lanes.length }, 'a worker is gone: its attempts are taken over');
    const told = await Promise.allSettled([queue.dispatchAll(), ...lanes.map(wake)]);
    for (const result of told)
      if (result.status === 'rejected') log.warn({ err: result.reason }, 'a lane was not told: it asks by itself');
  }
}
