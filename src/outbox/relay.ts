import { setTimeout as sleep } from 'node:timers/promises';
import type { EventsClient } from '../client.ts';
import type { Config } from '../config/config.ts';
import { inbound } from '../db/inbound.ts';
import { outbox } from '../db/outbox.ts';
import { openOutboxSession } from '../db/outbox-session.ts';
import type { Queryable } from '../db/pool.ts';
import { widgets } from '../db/widgets.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { backoffMs } from './backoff.ts';
import { Dependency } from './dependency.ts';
import { type RelayHealth, RelayState } from './health.ts';
import { outboxMetrics } from './metrics.ts';
import { RelaySession } from './relay-session.ts';
import { WakeSignal } from '../wake-signal.ts';

export type { RelayHealth } from './health.ts';

const sessionBackoff = { firstMs: 250, longestMs: 5_000 };
/** A session that worked this long is no failed start: the next one is tried without delay (milliseconds). */
const calmMs = 10_000;
const dayMs = 86_400_000;

interface RelayDeps {
  config: Pick<Config, 'databaseUrl' | 'outboxDatabaseUrl' | 'retentionDays'>;
  /** Ours: the ledger of inbound ids, and the registered widgets. */
  db: Queryable;
  client: Pick<EventsClient, 'signal' | 'widgetOrganization'>;
  temporalReady: () => Promise<unknown>;
  metrics: Pick<Metrics, 'registry'>;
  log: Log;
}

export interface Relay {
  /** Finishes what is in hand and gives the rest back, to whichever relay is next. Takes a few seconds at most. */
  stop(): Promise<void>;
  health(): RelayHealth;
}

/** The table is not there: the backend's database was never prepared. */
class OutboxMissingError extends Error {
  override readonly name = 'OutboxMissingError';
}

/**
 * Takes committed rows of the backend's outbox to their workflows (spec section 2), until it is stopped. Resolves at
 * once: what is away then, or later, is waited for, and `health` says so. Relays share the work, in any processes.
 */
export async function startRelay({ config, db, client, temporalReady, metrics, log }: RelayDeps): Promise<Relay> {
  const url = config.outboxDatabaseUrl ?? config.databaseUrl;
  if (url === undefined) throw new Error('OUTBOX_DATABASE_URL or DATABASE_URL: required');
  const stop = new AbortController();
  const wake = new WakeSignal();
  const relayMetrics = outboxMetrics(metrics.registry);
  const state = new RelayState(relayMetrics);

  const watch = (name: string, probe: () => Promise<unknown>) => watchDependency({ name, probe, state, log });
  const ledger = inbound(db);
  const sessionDeps = {
    ledger,
    tools: { ledger, registered: widgets(db), client },
    dependencies: [watch('temporal', temporalReady), watch('database', () => db.query('select 1'))],
    wake,
    state,
    metrics: relayMetrics,
    keepLettersMs: config.retentionDays * dayMs,
    log,
  };

  const workOneSession = async (onStart: () => void): Promise<void> => {
    const session = await openOutboxSession(url, wake.set);
    try {
      if (!(await outbox(session).exists()))
        throw new OutboxMissingError('spark360.outbox is missing: apply sql/outbox.sql');
      onStart();
      await new RelaySession(session, sessionDeps, stop.signal).work();
    } finally {
      await session.close();
    }
  };

  const workUntilStopped = async (): Promise<void> => {
    for (let failures = 0; !stop.signal.aborted; ) {
      const startedAt = Date.now();
      try {
        await workOneSession(() => {
          state.set('relay', null);
          state.set('outbox', null);
        });
      } catch (error) {
        failures = Date.now() - startedAt > calmMs ? 0 : failures + 1;
        state.set('outbox', error instanceof OutboxMissingError ? error.message : 'not reachable');
        log.warn({ dependency: 'outbox', err: error }, 'the relay waits');
        await sleep(backoffMs(failures, sessionBackoff), undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }
    state.set('relay', 'stopped');
  };

  const working = workUntilStopped();
  return {
    health: () => state.health(),
    async stop() {
      stop.abort();
      await working;
    },
  };
}

interface Watched extends Pick<RelayDeps, 'log'> {
  name: string;
  probe: () => Promise<unknown>;
  state: RelayState;
}

/** A server that the relay needs; the relay's health and its log follow whether it is there. */
const watchDependency = ({ name, probe, state, log }: Watched): Dependency =>
  new Dependency(probe, (isAway, error) => {
    state.set(name, isAway ? 'not reachable' : null);
    if (isAway) log.warn({ dependency: name, err: error }, 'the relay waits');
    else log.info({ dependency: name }, 'the relay goes on');
  });
