import { setTimeout as sleep } from 'node:timers/promises';
import type { AcceptedInbound, inbound } from '../db/inbound.ts';
import { outbox, rowsPerClaim } from '../db/outbox.ts';
import type { OutboxSession } from '../db/outbox-session.ts';
import type { Log } from '../telemetry/log.ts';
import type { Bell } from './bell.ts';
import type { OutboxMetrics } from './metrics.ts';
import type { NeededPart } from './needed-part.ts';
import { readRow, type ReadRow } from './read-row.ts';
import { type Relayed, relayRows, type RelayTools } from './relay-rows.ts';
import type { RelayState } from './relay-state.ts';

/** Subjects in hand at a time: as many signals are under way at most. */
const mostInHand = 32;
/** Under load claims are made for several subjects at once. */
const fewestToClaim = 8;
/** The safety net under notifications, and when a postponed row is looked for (milliseconds). */
const pollMs = 1_000;
const countMs = 2_000;
const cleanMs = 60_000;
const cleanBatch = 5_000;
/** How long a row is kept after it is done (milliseconds): long enough to look what happened, short for personal data. */
const keepDoneMs = 3_600_000;

export interface ShiftParts {
  ledger: Pick<ReturnType<typeof inbound>, 'known' | 'accept' | 'recordConflicts'>;
  tools: Omit<RelayTools, 'partsAreThere' | 'onFailure'>;
  neededParts: readonly NeededPart[];
  bell: Bell;
  state: RelayState;
  metrics: OutboxMetrics;
  /** How long a dead letter waits for its replay (milliseconds). */
  keepLettersMs: number;
  log: Log;
}

interface RelayedSubject extends Relayed {
  subject: string;
  rows: readonly ReadRow[];
  /** `performance.now()` when the rows were read. */
  readAt: number;
  /** How often the bell had been rung by then. */
  rings: number;
}

/**
 * The relay's work on one session: claims subjects, relays their rows side by side, marks what was done in batches, and
 * gives the claims back. It ends at a stop, with everything in hand finished, or when the session is lost, with the claims.
 */
export class Shift {
  readonly #session: OutboxSession;
  readonly #outbox: ReturnType<typeof outbox>;
  readonly #parts: ShiftParts;
  readonly #failure = new AbortController();
  readonly #over: AbortSignal;
  readonly #inHand = new Set<string>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #relayed: RelayedSubject[] = [];
  #isRecording = false;
  /** The last claim took as much as it wanted. */
  #mayBeMore = false;

  constructor(session: OutboxSession, parts: ShiftParts, stop: AbortSignal) {
    this.#session = session;
    this.#outbox = outbox(session);
    this.#parts = parts;
    this.#over = AbortSignal.any([stop, session.lost, this.#failure.signal]);
    this.#over.addEventListener('abort', parts.bell.ring, { once: true });
  }

  /** Resolves after a stop. Rejects when the session is lost or a statement on it failed: then a new one is needed. */
  async work(): Promise<void> {
    const housekeeping = [this.#every(countMs, () => this.#count()), this.#every(cleanMs, () => this.#clean())];
    while (!this.#over.aborted) {
      if (await this.#partsAreBack()) await this.#claim().catch((error) => this.#fail(error));
      await this.#parts.bell.heard(pollMs);
    }
    await Promise.all(this.#tasks); // each ends with the row it is at
    while (this.#inHand.size > 0 && !this.#isLost) {
      await this.#record();
      await this.#parts.bell.heard(50);
    }
    await Promise.all(housekeeping);
    if (this.#session.lost.aborted) throw this.#session.lost.reason;
    if (this.#failure.signal.aborted) throw this.#failure.signal.reason;
  }

  get #isLost(): boolean {
    return this.#session.lost.aborted || this.#failure.signal.aborted;
  }

  #fail(error: unknown): void {
    this.#failure.abort(error);
  }

  async #partsAreBack(): Promise<boolean> {
    for (const part of this.#parts.neededParts) if (!(await part.isBack())) return false;
    return true;
  }

  async #partsAreThere(): Promise<boolean> {
    return (await Promise.all(this.#parts.neededParts.map((part) => part.isThere()))).every(Boolean);
  }

  async #claim(): Promise<void> {
    const free = mostInHand - this.#inHand.size;
    if (free < fewestToClaim) return;
    const { rings } = this.#parts.bell;
    const subjects = await this.#outbox.claim([...this.#inHand], free);
    if (subjects.length === free) this.#mayBeMore = true;
    if (subjects.length === 0) return;
    for (const subject of subjects) this.#inHand.add(subject);
    const bySubject = new Map<string, ReadRow[]>(subjects.map((subject) => [subject, []]));
    for (const row of await this.#outbox.rows(subjects)) bySubject.get(row.subject)?.push(readRow(row));
    const readAt = performance.now();
    const known = await this.#known([...bySubject.values()].flat());
    for (const [subject, rows] of bySubject) {
      const task = known === null ? Promise.resolve({ results: [], accepted: [] }) : this.#relay(rows, known);
      const ended = task.then((relayed) => {
        this.#relayed.push({ ...relayed, subject, rows, readAt, rings });
        this.#tasks.delete(ended);
        return this.#record();
      });
      this.#tasks.add(ended);
    }
  }

  #relay(rows: readonly ReadRow[], known: Parameters<typeof relayRows>[1]): Promise<Relayed> {
    const { tools, log } = this.#parts;
    return relayRows(
      rows,
      known,
      {
        ...tools,
        partsAreThere: () => this.#partsAreThere(),
        onFailure: ({ id, subject, attempts }, error) =>
          log.warn(
            { outbox_id: id, subject, attempt: attempts + 1, err: error },
            'an outbox row holds back its subject',
          ),
      },
      this.#over,
    );
  }

  /** Null: the ledger cannot be asked, so nothing may be signalled. */
  async #known(rows: readonly ReadRow[]) {
    const ids = rows.flatMap((read) => (read.kind === 'event' ? [read.event.parsed.step.id] : []));
    if (ids.length === 0) return new Map();
    try {
      return await this.#parts.ledger.known(ids);
    } catch (error) {
      if (await this.#partsAreThere()) this.#fail(error); // not away: start afresh, after a pause
      return null;
    }
  }

  /** Writes down what was relayed and gives the claims back; what is relayed meanwhile is the next batch. */
  async #record(): Promise<void> {
    if (this.#isRecording) return;
    this.#isRecording = true;
    try {
      while (this.#relayed.length > 0 && !this.#isLost) {
        const batch = this.#relayed.splice(0);
        await this.#remember(batch.flatMap(({ accepted }) => accepted));
        const results = batch.flatMap((relayed) => relayed.results);
        if (results.length > 0) await this.#outbox.finish(results);
        await this.#outbox.release(batch.map(({ subject }) => subject));
        for (const { subject } of batch) this.#inHand.delete(subject);
        this.#observe(batch);
        if (this.#mayBeMore || batch.some((relayed) => this.#mayHaveMore(relayed))) {
          this.#mayBeMore = false;
          this.#parts.bell.ring();
        }
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isRecording = false;
    }
  }

  /** Rows of a subject that came while it was in hand, or did not fit, could not be claimed until now. */
  #mayHaveMore({ rows, rings }: RelayedSubject): boolean {
    return rows.length === rowsPerClaim || rings !== this.#parts.bell.rings;
  }

  // After the signal, never before: see the ledger. Trouble here is no reason to signal again: the step that applies an
  // event writes the row too, and an early repeat only costs a signal.
  async #remember(accepted: AcceptedInbound[]): Promise<void> {
    if (accepted.length === 0) return;
    await this.#parts.ledger
      .accept(accepted)
      .catch((error: unknown) => this.#parts.log.warn({ err: error }, 'relayed events are not in the ledger yet'));
  }

  #observe(batch: readonly RelayedSubject[]): void {
    const { rows, relaySeconds } = this.#parts.metrics;
    for (const relayed of batch) {
      for (const [index, { kind }] of relayed.results.entries()) {
        rows.inc({ outcome: kind });
        const read = relayed.rows[index];
        if (kind === 'signalled' && read !== undefined)
          relaySeconds.observe((read.row.ageMs + performance.now() - relayed.readAt) / 1_000);
      }
    }
  }

  async #count(): Promise<void> {
    this.#parts.state.count(await this.#outbox.counts());
  }

  async #clean(): Promise<void> {
    await this.#outbox.forgetReplayed();
    await this.#removeAll((most) => this.#outbox.removeDone(keepDoneMs, most));
    const abandoned = await this.#removeAll((most) => this.#outbox.removeAbandoned(this.#parts.keepLettersMs, most));
    if (abandoned > 0) this.#parts.log.warn({ removed: abandoned }, 'dead letters that nobody replayed were removed');
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
      await work().catch((error) => this.#fail(error));
      await sleep(ms, undefined, { signal: this.#over }).catch(() => undefined);
    }
  }
}
