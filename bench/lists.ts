import { randomUUID } from 'node:crypto';
import { startApi } from '../src/http/server.ts';
import { quantile } from './measure.ts';
import { ms, type Rig, say } from './rig.ts';

const count = Number(process.env.BENCH_DELIVERIES ?? 1_000_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 40);
/** How many organizations there are; the first has a half of everything, the others have alike. */
const organizations = 200;
const endpointsEach = 4;
const rowsPerStatement = 20_000;
const monthSeconds = 30 * 86_400;

interface Stock {
  organizationId: string;
  endpointIds: string[];
}

/** What the console asks for, on a million deliveries of a month: each call several times, one after the other. */
export async function lists({ deps }: Rig): Promise<void> {
  const [large, small] = await fill(deps.db);
  const adminApiKey = randomUUID();
  const api = await startApi({ ...deps, config: { ...deps.config, port: 0, adminApiKey } });
  say(`\n${count.toLocaleString('en')} deliveries, half of them of one organization; ${rounds} calls each`);
  const pathsOf = ({ organizationId, endpointIds }: Stock): string[] =>
    callsOf(endpointIds).map((call) => `/v1/organizations/${organizationId}${call}`);
  for (const [name, paths] of [
    ['the large organization', pathsOf(large)],
    ['a small one', pathsOf(small)],
    ['the operator', operatorCalls],
  ] as const) {
    say(`\n${name.padEnd(46)} p50        p95        max`);
    for (const path of paths) {
      const times = await measure(`${api.url}${path}`, adminApiKey);
      const columns = [quantile(times, 0.5), quantile(times, 0.95), Math.max(...times)].map((time) =>
        ms(time).padEnd(10),
      );
      const call = path.replace(/^\/v1\/organizations\/[0-9a-f-]{36}/, '').replaceAll(/[0-9a-f-]{36}/g, '…');
      say(`${call.padEnd(46)} ${columns.join(' ')}`);
    }
  }
  await api.close();
}

function callsOf(endpointIds: string[]): string[] {
  const [endpointId] = endpointIds;
  const since = new Date(Date.now() - 7 * 86_400_000).toISOString();
  return [
    '/deliveries?limit=100',
    '/deliveries?limit=100&status=delivered',
    '/deliveries?limit=100&status=abandoned',
    '/deliveries?limit=100&status=held',
    '/deliveries?limit=100&event=lead.rental_alert',
    '/deliveries?limit=100&event=widget.status_changed',
    `/deliveries?limit=100&endpoint_id=${endpointId}`,
    `/deliveries?limit=100&endpoint_id=${endpointId}&status=delivered`,
    `/deliveries?limit=100&endpoint_id=${endpointId}&status=abandoned`,
    `/deliveries?limit=100&since=${since}&status=abandoned&event=lead.enriched`,
    '/leads?limit=100',
    '/leads?limit=100&stage=waiting_for_enrichment',
    '/endpoints?limit=100',
    '/endpoint-health?limit=100',
    `/endpoints/${endpointId}/health`,
    '/attention',
    '/statistics?window=24h',
    '/statistics?window=7d',
    `/statistics?window=7d&endpoint_id=${endpointId}`,
    '/jobs',
    '/audit-log',
  ];
}

const operatorCalls = [
  '/v1/organizations?limit=100',
  '/v1/attention',
  '/v1/statistics?window=24h',
  '/v1/statistics?window=7d',
  '/v1/system',
  '/v1/orphans',
  '/v1/jobs',
  '/v1/dead-letters',
  '/v1/audit-log',
];

async function measure(url: string, key: string): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
    const text = await response.text();
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
    times.push(performance.now() - began);
  }
  return times;
}

/** A million deliveries of a month; gives the largest of the organizations and a small one. */
export async function fill(db: Rig['deps']['db']): Promise<[Stock, Stock]> {
  const stocks: Stock[] = [];
  for (let index = 0; index < organizations; index += 1) {
    const organizationId = randomUUID();
    await db.execute('insert into organizations (id, name) values ($1, $2)', [organizationId, `Organization ${index}`]);
    const endpointIds = Array.from({ length: endpointsEach }, () => randomUUID());
    await db.execute(
      `insert into endpoints (id, organization_id, url, events, secret)
       select id, $1, 'https://partner.example/' || id, '{lead.enriched}', '' from unnest($2::uuid[]) id`,
      [organizationId, endpointIds],
    );
    stocks.push({ organizationId, endpointIds });
  }
  const [large, ...others] = stocks;
  const small = others[0];
  if (large === undefined || small === undefined) throw new Error('there are organizations');
  const share = Math.floor(count / 2 / others.length);
  await fillOne(db, large, count / 2);
  for (const stock of others) await fillOne(db, stock, share);
  for (const table of ['deliveries', 'event_bodies', 'attempts', 'leads']) await db.execute(`analyze ${table}`);
  return [large, small];
}

/**
 * A delivery in fifty is abandoned, one in two hundred unsettled;
 * four events a lead, each with its body and an attempt.
 */
async function fillOne(
  db: Rig['deps']['db'],
  { organizationId, endpointIds }: Stock,
  deliveries: number,
): Promise<void> {
  for (let from = 0; from < deliveries; from += rowsPerStatement) {
    await db.execute(
      `with rows as (
         select gen_random_uuid() as id, gen_random_uuid() as event_id, n,
                md5($1::text || (n / 4)::text)::uuid as lead_id,
                ($2::uuid[])[1 + n % ${endpointsEach}] as endpoint_id,
                (array['lead.address_preview', 'lead.enriched', 'lead.rental_alert', 'lead.contact_requested'])[1 + n % 4] as event,
                case when n % 50 = 7 then 'abandoned' when n % 200 = 11 then 'held' else 'delivered' end as status,
                now() - (${monthSeconds} * (1 - n::float8 / $5)) * interval '1 second' as at
           from generate_series($3::int, $4::int) n
       ), bodies as (
         insert into event_bodies (event_id, body) select event_id, '{"event":"' || event || '","data":"' || repeat('x', 900) || '"}' from rows
       ), tried as (
         insert into attempts (id, delivery_id, number, started_at, duration_ms, status_code, response_body)
         select gen_random_uuid(), id, 1, at, 80, 200, 'ok' from rows
       ), known as (
         insert into leads (subject, organization_id, lead_id, mode, stage, created_at)
         select 'lead/' || $1::text || '/' || lead_id, $1::uuid, lead_id, 'prod',
                case when n % 400 = 0 then 'waiting_for_enrichment' else 'contact_requested' end, at
           from rows where n % 4 = 0 on conflict do nothing
       )
       insert into deliveries (id, event_id, endpoint_id, organization_id, subject, lead_id, event, sequence, status, reason, attempt,
                               created_at, delivered_at, settled_at)
       select id, event_id, endpoint_id, $1::uuid, 'lead/' || $1::text || '/' || lead_id, lead_id, event, 1 + n % 4, status,
              case when status = 'abandoned' then 'exhausted' end, 1, at,
              case when status = 'delivered' then at + interval '90 milliseconds' end,
              case when status <> 'held' then at + interval '90 milliseconds' end from rows`,
      [organizationId, endpointIds, from, Math.min(deliveries, from + rowsPerStatement) - 1, deliveries],
    );
  }
}
