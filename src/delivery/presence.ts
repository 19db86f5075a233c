import type { Workers } from '../db/workers.ts';
import type { Wake } from '../domain/wake.ts';
import type { Log } from '../telemetry/log.ts';

/** How often a process says that it lives (milliseconds); well inside what it takes to be called dead. */
const beatMs = 2_000;

export interface PresenceParts {
  owner: string;
  workers: Workers;
  wake: (wake: Wake) => Promise<void>;
  log: Pick<Log, 'warn'>;
}

/**
 * Says that this process lives, so that no other one makes its attempts again, and takes over from those that died: their
 * lanes are told to ask.
 */
export class Presence {
  readonly #parts: PresenceParts;
  #timer: NodeJS.Timeout | undefined;
  #isBeating = false;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  /** Before the first attempt: one of a process that is not known may be made again by another. */
  async start(): Promise<void> {
    await this.#parts.workers.seen(this.#parts.owner);
    this.#timer = setInterval(() => void this.#beat(), beatMs).unref();
  }

  /** After the last attempt. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#parts.workers.ended(this.#parts.owner).catch(() => {});
  }

  async #beat(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    const { owner, workers, wake, log } = this.#parts;
    try {
      await workers.seen(owner);
      const lanes = await workers.takeDead(owner);
      if (lanes.length > 0) log.warn({ lanes: lanes.length }, 'a worker is gone: its attempts are taken over');
      const told = await Promise.allSettled(lanes.map(wake));
      for (const result of told)
        if (result.status === 'rejected') log.warn({ err: result.reason }, 'a lane was not told: it asks by itself');
    } catch (error) {
      log.warn({ err: error }, 'could not say that this process lives');
    } finally {
      this.#isBeating = false;
    }
  }
}
