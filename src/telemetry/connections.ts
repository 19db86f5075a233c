import { Gauge, type Registry } from 'prom-client';
import type { Database } from '../db/pool.ts';

/** Gauges of the connections to Postgres, by pool. They are counted in memory at each scrape. */
export function observeConnections(registry: Registry, pools: Record<string, Pick<Database, 'connections'>>): void {
  new Gauge({
    name: 'spark360_database_connections',
    help: 'Connections to Postgres by pool: active, idle; waiting: callers that have none yet',
    labelNames: ['pool', 'state'],
    registers: [registry],
    collect() {
      for (const [pool, { connections }] of Object.entries(pools)) {
        for (const [state, count] of Object.entries(connections())) this.set({ pool, state }, count);
      }
    },
  });
}
