import { setTimeout as sleep } from 'node:timers/promises';
import type { Deps } from '../../src/deps.ts';
import { eventually, Hopeless } from '../support/eventually.ts';
import { anOrganization } from '../support/partners.ts';
import { seeded } from '../support/seeded.ts';
import { addEndpoint, command, pause, postStep, resume } from './commands.ts';
import { judge } from './judge.ts';
import { factsOf, type Observed } from './observed.ts';
import { isPaused, seenPaused, World } from './world.ts';

export interface RunOptions {
  seed: number;
  /** How long commands are given (milliseconds). */
  durationMs: number;
  kills: number[];
}

/** What a run saw, for the report of a long one. */
export interface Seen {
  requests: number;
  resends: number;
  repeats: number;
  pauses: number;
}

export interface RunResult {
  wrong: string[];
  seen: Seen;
  log: string[];
}

const settleMs = 90_000;

/** Gives an organization commands by a seed, then makes all its partners well, and judges. */
export async function runModel(deps: Deps, options: RunOptions): Promise<RunResult> {
  const world = new World(deps, await anOrganization(deps), seeded(options.seed));
  const watching = new AbortController();
  await addEndpoint(world, true);
  await addEndpoint(world, true);
  const watched = watchPauses(world, watching.signal);
  try {
    while (Date.now() < world.startedAt + options.durationMs) {
      await command(world);
      await sleep(world.random() * 120);
    }
    const unsettled = await comeToRest(world);
    watching.abort();
    await watched;
    const wrong = [...unsettled, ...judge(await observed(world, options.kills))];
    return { wrong, seen: seenBy(world), log: world.log };
  } finally {
    watching.abort();
    await Promise.all(world.endpoints.map(({ partner }) => partner.close()));
  }
}

async function observed(world: World, kills: number[]): Promise<Observed> {
  const { deps, leads, endpoints, skips, resends } = world;
  const { retryScheduleMs, attemptTimeoutMs } = deps.config;
  const leadIds = leads.map(({ leadId }) => leadId);
  return {
    ...(await factsOf(deps, world.organizationId, leadIds)),
    ...{ leadIds, skips, resends, kills },
    endpoints: endpoints.map(({ life }) => life),
    due: new Map(leads.map(({ leadId, due }) => [leadId, due])),
    lastAttempt: retryScheduleMs.length + 1,
    timeoutMs: attemptTimeoutMs,
  };
}

function seenBy({ endpoints }: World): Seen {
  const arrivals = endpoints.flatMap(({ life }) => life.arrivals);
  const attempts = new Set(arrivals.map(({ deliveryId, attempt }) => `${deliveryId} ${attempt}`));
  return {
    requests: arrivals.length,
    resends: arrivals.filter(({ isResend }) => isResend).length,
    repeats: arrivals.length - attempts.size,
    pauses: endpoints.reduce((count, { life }) => count + life.pauses.length, 0),
  };
}

/** Pauses by rule are seen here. One that is resumed while it is looked up is not taken for paused. */
async function watchPauses({ deps, endpoints, organizationId }: World, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(200);
    const before = endpoints.map(({ resumes }) => resumes);
    const rows = await deps.db.query<{ id: string }>(
      `select id from endpoints where organization_id = $1 and status = 'paused'`,
      [organizationId],
    );
    for (const [index, endpoint] of endpoints.entries()) {
      const isSure = endpoint.resumes % 2 === 0 && before[index] === endpoint.resumes;
      if (isSure && rows.some(({ id }) => id === endpoint.life.id)) seenPaused(endpoint);
    }
  }
}

/** Every partner is well, every step is posted, every endpoint but one resumed: then all is settled, or held there. */
async function comeToRest(world: World): Promise<string[]> {
  for (const endpoint of world.endpoints) endpoint.mood = 'well';
  while (world.leads.some(({ steps }) => steps.length > 0)) await postStep(world);
  const staysPaused = world.random() < 0.25 ? world.pick(world.endpoints) : undefined;
  if (staysPaused) await pause(world, staysPaused);
  world.note(`well again, but ${staysPaused?.life.id ?? 'none'}`);
  try {
    await eventually(async () => {
      for (const endpoint of world.open)
        if (endpoint !== staysPaused && isPaused(endpoint)) await resume(world, endpoint);
      await sleep(500);
      const open = await unsettledOf(world, staysPaused?.life.removed === null ? staysPaused.life.id : null);
      if (open.length > 0) throw new Error(open.join('\n'));
    }, settleMs);
    return [];
  } catch (error) {
    if (error instanceof Hopeless) throw error;
    return [`not settled after ${settleMs} ms:`, ...(error as Error).message.split('\n')];
  }
}

/** What is not settled, or, at the endpoint that stays paused, not held; steps that are not applied. */
async function unsettledOf({ deps, leads, organizationId }: World, pausedId: string | null): Promise<string[]> {
  const deliveries = await deps.db.query<{ what: string }>(
    `select 'delivery ' || id || ' lead ' || lead_id || ' at ' || endpoint_id || ' ' || event || ' #' || sequence || ' ' || status
            || ' attempt ' || attempt || ' next ' || coalesce(next_attempt_at::text, '-') || ' workflow ' || coalesce(workflow_id, '-') as what
       from deliveries where organization_id = $1 and status not in ('delivered', 'abandoned')
        and not (endpoint_id = coalesce($2::uuid, '00000000-0000-0000-0000-000000000000') and status <> 'delivering')`,
    [organizationId, pausedId],
  );
  const emitted = await deps.db.query<{ subject: string; type: string }>(
    'select subject, type from events where organization_id = $1',
    [organizationId],
  );
  const missing = leads.flatMap(({ leadId, due }) =>
    due
      .filter((type) => !emitted.some((event) => event.type === type && event.subject.endsWith(leadId)))
      .map((type) => `lead ${leadId}: ${type} is not emitted`),
  );
  return [...deliveries.map(({ what }) => what), ...missing];
}
