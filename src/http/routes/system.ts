import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { type Backlog, backlog } from '../../db/backlog.ts';
import { outbox } from '../../db/outbox.ts';
import { operatorOnly } from '../access/access.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { sharedFor } from '../shared-answer.ts';
import { temporalTrouble, within } from '../unavailable.ts';

const probeTimeoutMs = 2_000;
/** How long callers share an answer (milliseconds): it counts what waits, and asks Temporal. */
const sharedMs = 2_000;
const count = z.int().min(0);
const state = z.enum(['ok', 'away']);

const system = z
  .object({
    version: z.string(),
    postgres: state,
    temporal: state,
    temporal_namespace: z.string().nullable(),
    temporal_ui_url: z.string().nullable().meta({ description: 'Null: it is not known where the UI is' }),
    unsettled: z
      .record(z.string(), count)
      .nullable()
      .meta({ description: 'Deliveries that are not settled, by status, up to 100,000 together; null: not known' }),
    overdue_retries: count
      .nullable()
      .meta({ description: 'Due more than a minute ago: no worker, or a workflow is gone' }),
    saturated_endpoints: count.nullable().meta({ description: 'All their slots are taken' }),
    paused_endpoints: count.nullable(),
    outbox: z
      .object({ pending: count, oldest_pending_seconds: z.number(), stuck: count, dead_letters: count })
      .nullable()
      .meta({ description: 'Null: its database is away, or it has no outbox' }),
  })
  .meta({ id: 'System' });

/** How the service itself is doing, for the operator's console. */
export const systemRoutes =
  (
    { reads, outboxDb, temporalReady, config }: Pick<ApiDeps, 'reads' | 'outboxDb' | 'temporalReady' | 'config'>,
    version: string,
  ): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const queue = outbox(outboxDb);
    const counts = async () => ((await queue.exists()) ? queue.counts() : null);
    const orNull = <Value>(work: Promise<Value>): Promise<Value | null> => work.catch(() => null);

    const look = sharedFor(sharedMs, async () => {
      const [waiting, outboxCounts, temporal] = await Promise.all([
        orNull(backlog(reads)),
        orNull(counts()),
        orNull(within('temporal', temporalReady().catch(temporalTrouble), probeTimeoutMs).then(() => true)),
      ]);
      return {
        version,
        postgres: waiting === null ? ('away' as const) : ('ok' as const),
        temporal: temporal === null ? ('away' as const) : ('ok' as const),
        temporal_namespace: config.temporalNamespace ?? null,
        temporal_ui_url: config.temporalUiUrl ?? null,
        unsettled: waiting && countsOf(waiting),
        overdue_retries: waiting?.overdueRetries ?? null,
        saturated_endpoints: waiting?.saturatedEndpoints ?? null,
        paused_endpoints: waiting && Object.values(waiting.pausedEndpoints).reduce((sum, one) => sum + one, 0),
        outbox: outboxCounts && {
          pending: outboxCounts.pending,
          oldest_pending_seconds: outboxCounts.oldestPendingSeconds,
          stuck: outboxCounts.stuck,
          dead_letters: outboxCounts.deadLetters,
        },
      };
    });

    app.get(
      '/v1/system',
      call(operatorOnly, {
        tags: ['Operation'],
        summary: 'How the service is doing: its parts, its backlog, its outbox',
        description: 'At most two seconds old.',
        response: { 200: system },
      }),
      look,
    );
  };

const countsOf = ({ unsettled }: Backlog): Record<string, number> =>
  Object.fromEntries(Object.entries(unsettled).map(([status, one]) => [status, one.count]));
