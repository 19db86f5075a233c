import { shownReason, shownStatus } from '../../src/db/shown-status.ts';
import type { Deps } from '../../src/deps.ts';

export interface EndpointRow {
  status: 'active' | 'paused';
  paused_reason: string | null;
  resume_phase: 'probe' | 'drain' | null;
  episode: number;
}

export async function endpointRow({ db }: Deps, endpointId: string): Promise<EndpointRow> {
  const [row] = await db.query<EndpointRow & Record<string, unknown>>(
    'select status, paused_reason, resume_phase, episode from endpoints where id = $1',
    [endpointId],
  );
  if (row === undefined) throw new Error(`no endpoint ${endpointId}`);
  return row;
}

/** The deliveries of an endpoint as they read, oldest first, each as `status` or `abandoned: reason`. */
export async function statusesAt({ db }: Deps, endpointId: string): Promise<string[]> {
  const rows = await db.query<{ status: string; reason: string | null }>(
    `select ${shownStatus} as status, ${shownReason} as reason from deliveries d join endpoints p on p.id = d.endpoint_id
      where d.endpoint_id = $1 order by d.created_at, d.sequence`,
    [endpointId],
  );
  return rows.map(({ status, reason }) => (reason === null ? status : `${status}: ${reason}`));
}

/** The ids of the deliveries of an endpoint, oldest first. */
export async function deliveryIdsAt({ db }: Deps, endpointId: string): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    'select id from deliveries where endpoint_id = $1 order by created_at, sequence',
    [endpointId],
  );
  return rows.map(({ id }) => id);
}

export interface AttemptAt {
  event: string;
  number: number;
  status_code: number | null;
  error_class: string | null;
  response_body: string | null;
  duration_ms: number;
}

/** The attempt log of an endpoint, in order. */
export const attemptsAt = ({ db }: Deps, endpointId: string): Promise<AttemptAt[]> =>
  db.query<AttemptAt & Record<string, unknown>>(
    `select d.event, a.number, a.status_code, a.error_class, a.response_body, a.duration_ms
       from attempts a join deliveries d on d.id = a.delivery_id
      where d.endpoint_id = $1 order by d.created_at, d.sequence, a.number`,
    [endpointId],
  );
