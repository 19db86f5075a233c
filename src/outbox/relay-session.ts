import { setTimeout as sleep } from 'node:timers/promises';
import { outbox } from '../db/outbox.ts';
import type { OutboxSession } from '../db/outbox-session.ts';
import { bySubject } from '../intake/by-subject.ts';
import { type Ledger, remember } from '../intake/ledger.ts';
import type { Log } from '../log.ts';
import type { Dependency } from './dependency.ts';
import type { RelayState } from './health.ts';
import type { OutboxMetrics } from './metrics.ts';
import { readRow, type ReadRow } from './read-row.ts';
import { type Relayed, relayRows, type RelayTools } from './relay-rows.ts';
import type { WakeSignal } from '../wake-signal.ts';

/** Shards one relay drains at a time: a slow signal holds up its own shard, and other relays get the rest. */
const shardsAtOnce = 4;
/** The safety net under notifications, and how often a postponed row is looked for (milliseconds). */
const pollMs = 1_000;
const countMs = 2_000;
const cleanMs = 60_000;
const cleanBatch = 5_000;
/** How long a row is kept after it is done (milliseconds): an operator can look, and personal data is gone soon. */
const keepDoneMs = 3_600_000;

interface RelaySessionDeps {
  ledger: Ledger;
  tools: Omit<RelayTools, 'dependenciesAreThere' | 'onFailure'>;
  dependencies: readonly Dependency[];
  wake: WakeSignal;
  state: RelayState;
  metrics: OutboxMetrics;
  /** How long a dead letter waits for its replay (milliseconds). */
  keepLettersMs: number;
  log: Log;
}

/**
 * The relay's work on one database session: claims a shard, relays a batch of its rows, marks what was done, releases
 * the shard. A stop finishes the batches under way; a lost session loses its claims with it.
 */
export class RelaySession {
  readonly #session: OutboxSession;
  readonly #outbox: ReturnType<typeof outbox>;
  readonly #deps: RelaySessionDeps;
  readonly #failure = new AbortController();
  readonly #over: AbortSignal;
  readonly #batches = new Map<number, Promise<void>>();

  constructor(session: OutboxSession, deps: RelaySessionDeps, stop: AbortSignal) {
    this.#session = session;
    this.#outbox = outbox(session);
    this.#deps = deps;
    this.#over = AbortSignal.any([stop, session.lost, this.#failure.signal]);
    this.#over.addEventListener('abort', deps.wake.set, { once: true });
  }

  /**
   * Resolves after a stop. Rejects when the session is lost or a statement on it failed: then a new session is needed.
   */
  async work(): Promise<void> {
    const housekeeping = [this.#every(countMs, () => this.#count()), this.#every(cleanMs, () => this.#clean())];
    while (!this.#over.aborted) {
      const shard = await this.#claim();
      if (shard === null) await this.#deps.wake.wait(pollMs);
      else this.#start(shard);
    }
    await Promise.all([...this.#batches.values(), ...housekeeping]);
    if (this.#session.lost.aborted) throw this.#session.lost.reason;
    if (this.#failure.signal.aborted) throw this.#failure.signal.reason;
  }

  async #claim(): Promise<number | null> {
    if (this.#batches.size >= shardsAtOnce || !(await this.#dependenciesAreBack())) return null;
    return this.#outbox.claim([...this.#batches.keys()]).catch((error: unknown) => this.#fail(error));
  }

  #start(shard: number): void {
    const batch = this.#relayBatch(shard)
      .catch((error: unknown) => this.#fail(error))
      .then(() => {
        this.#batches.delete(shard);
        this.#deps.wake.set(); // the shard may hold more
      });
    this.#batches.set(shard, batch);
  }

  /** Ends the session: the next one starts after a pause. */
  #fail(error: unknown): null {
    this.#failure.abort(error);
    return null;
  }

  async #relayBatch(shard: number): Promise<void> {
    const rows = (await this.#outbox.rows(shard)).map(readRow);
    const readAt = performance.now();
    const relayed = await this.#relay(rows);
    const accepted = relayed.flatMap((subject) => subject.accepted);
    await remember(accepted, this.#deps.ledger, this.#deps.log);
    const results = relayed.flatMap((subject) => subject.results);
    if (results.length > 0) await this.#outbox.finish(results);
    await this.#outbox.release(shard);
    for (const subject of relayed) this.#observe(subject, readAt);
  }

  /**
   * Subjects go side by side, the rows of one subject in order. Nothing is signalled while the ledger cannot be asked.
   */
  async #relay(rows: readonly ReadRow[]): Promise<Relayed[]> {
    const { tools, log } = this.#deps;
    const known = await this.#known(rows);
    if (known === null) return [];
    const onFailure: RelayTools['onFailure'] = ({ id, subject, attempts }, error) =>
      log.warn({ outbox_id: id, subject, attempt: attempts + 1, err: error }, 'an outbox row holds back its subject');
    const all = { ...tools, onFailure, dependenciesAreThere: () => this.#dependenciesAreThere() };
    return Promise.all(
      bySubject(rows, ({ row }) => row.subject).map((ofSubject) => relayRows(ofSubject, known, all, this.#over)),
    );
  }

  async #known(rows: readonly ReadRow[]) {
    const ids = rows.flatMap((read) => (read.kind === 'event' ? [read.event.parsed.step.id] : []));
    if (ids.length === 0) return new Map();
    try {
      return await this.#deps.ledger.known(ids);
    } catch (error) {
      if (await this.#dependenciesAreThere()) this.#fail(error);
      return null;
    }
  }

  #observe({ rows: read, results }: Relayed, readAt: number): void {
    const { rows, relaySeconds } = this.#deps.metrics;
    for (const [index, { kind }] of results.entries()) {
      rows.inc({ outcome: kind });
      const row = read[index]?.row;
      if (kind === 'signalled' && row !== undefined)
        relaySeconds.observe((row.ageMs + performance.now() - readAt) / 1_000);
    }
  }

  async #dependenciesAreBack(): Promise<boolean> {
    for (const dependency of this.#deps.dependencies) if (!(await dependency.isBack())) return false;
    return true;
  }

  async #dependenciesAreThere(): Promise<boolean> {
    return (await Promise.all(this.#deps.dependencies.map((dependency) => dependency.isThere()))).every(Boolean);
  }

  async #count(): Promise<void> {
    this.#deps.state.count(await this.#outbox.counts());
  }

  async #clean(): Promise<void> {
    await this.#outbox.forgetReplayed();
    await this.#removeAll((most) => this.#outbox.removeDone(keepDoneMs, most));
    const abandoned = await this.#removeAll((most) => this.#outbox.removeAbandoned(this.#deps.keepLettersMs, most));
    if (abandoned > 0)
      this.#deps.log.warn({ removed: abandoned }, 'dead letters that were never replayed were removed');
  }

  /** Batch by batch, until there is no more; gives how many. */
  async #removeAll(remove: (most: number) => Promise<number>): Promise<number> {
    let removed = 0;
    while (!this.#over.aborted) {
      const batch = await remove(cleanBatch);
      removed += batch;
      if (batch < cleanBatch) break;
    }
    return removed;
  }

  async #every(ms: number, work: () => Promise<void>): Promise<void> {
    while (!this.#over.aborted) {
      await work().catch((error: unknown) => this.#fail(error));
      await sleep(ms, undefined, { signal: this.#over }).catch(() => undefined);
    }
  }
}
