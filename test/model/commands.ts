import { endpointSecrets } from '../../src/db/endpoint-secrets.ts';
import { newSecret } from '../../src/webhooks/secrets.ts';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint } from '../support/partners.ts';
import { startReceiver } from '../support/receiver.ts';
import { seeded } from '../support/seeded.ts';
import { answerOf, type Mood, moods } from './moods.ts';
import { type ModelEndpoint, type ModelLead, seenPaused, type World } from './world.ts';

/** Few open at once, so that each meets many commands. */
const maxOpenLeads = 5;
const maxLeads = 30;
const maxEndpoints = 3;

/** Does one of the things that a backend, an operator, a partner or his server does. */
export async function command(world: World): Promise<void> {
  const chance = world.random();
  const endpoint = world.pick(world.open);
  if (endpoint === undefined) return addEndpoint(world);
  if (chance < 0.4) return postStep(world);
  if (chance < 0.62) return changeMood(world, endpoint);
  if (chance < 0.69) return pause(world, endpoint);
  if (chance < 0.8) return resume(world, endpoint);
  if (chance < 0.86) return skip(world);
  if (chance < 0.9) return resend(world);
  if (chance < 0.93) return rotate(world, endpoint);
  if (chance < 0.96) return recover(world, endpoint);
  if (chance < 0.985) return addEndpoint(world);
  return remove(world, endpoint);
}

export async function postStep(world: World): Promise<void> {
  const { deps, leads, random } = world;
  const open = leads.filter(({ steps }) => steps.length > 0);
  const isNew = open.length < maxOpenLeads && random() < 0.4;
  const lead = isNew || open.length === 0 ? newLead(world) : world.pick(open);
  const step = lead?.steps.shift();
  if (lead === undefined || step === undefined) return;
  world.note(`post ${step.event} ${String(step.data.object.leadStatus ?? '')} of ${lead.leadId}`);
  await deps.client.publish(step);
  if (random() < 0.1) await deps.client.publish(step);
}

/** All of a lead's steps, in the order of the table or in any; the last events are due whatever the order. */
function newLead({ leads, organizationId, random }: World): ModelLead | undefined {
  if (leads.length >= maxLeads) return undefined;
  const isRental = random() < 0.6;
  const events = aLead(organizationId, { ownerOccupied: !isRental });
  const isWhole = random() < 0.5;
  const steps = [
    events.created(),
    events.details(),
    events.personal({ enriched: isWhole }),
    ...(isWhole ? [] : [events.enrichment()]),
    events.contact(),
  ];
  if (random() < 0.3) steps.sort(() => random() - 0.5);
  const due = ['lead.enriched', ...(isRental ? ['lead.rental_alert'] : []), 'lead.contact_requested'];
  const lead = { leadId: events.leadId, steps, due };
  leads.push(lead);
  return lead;
}

function changeMood(world: World, endpoint: ModelEndpoint): void {
  const mood: Mood = world.random() < 0.35 ? 'well' : (world.pick(moods) ?? 'well');
  world.note(`${endpoint.life.id} is ${mood}`);
  endpoint.mood = mood;
}

export async function pause(world: World, endpoint: ModelEndpoint): Promise<void> {
  world.note(`pause ${endpoint.life.id}`);
  await world.deps.operations.pause(endpoint.life.id);
  seenPaused(endpoint);
}

export async function resume(world: World, endpoint: ModelEndpoint): Promise<void> {
  const { life } = endpoint;
  world.note(`resume ${life.id}`);
  endpoint.resumes += 1;
  for (const pause of life.pauses) pause.until = Math.min(pause.until, Date.now());
  await world.deps.operations.resume(life.id);
  endpoint.resumes += 1;
}

async function aDelivery(world: World, condition: string): Promise<string | undefined> {
  const rows = await world.deps.db.query<{ id: string }>(
    `select id from deliveries where organization_id = $1 and ${condition} order by created_at, endpoint_id, sequence`,
    [world.organizationId],
  );
  return world.pick(rows)?.id;
}

async function skip(world: World): Promise<void> {
  const id = await aDelivery(world, `status not in ('delivered', 'abandoned')`);
  if (id === undefined) return;
  const at = Date.now();
  const isGranted = await world.deps.operations.skip(id);
  world.note(`skip ${id}: ${isGranted}`);
  if (isGranted) world.skips.set(id, { at, grantedAt: Date.now() });
}

async function resend(world: World): Promise<void> {
  const id = await aDelivery(world, `status in ('delivered', 'abandoned')`);
  if (id === undefined) return;
  world.resends.add(id);
  world.note(`resend ${id}: ${await world.deps.operations.resend(id)}`);
}

async function rotate(world: World, { life }: ModelEndpoint): Promise<void> {
  const { deps, organizationId, random } = world;
  const overlapMs = random() < 0.5 ? 0 : 2_000;
  const secret = newSecret();
  const sealed = deps.keyRing.seal(Buffer.from(secret), `endpoint/${life.id}`);
  world.note(`rotate ${life.id} with ${overlapMs} ms`);
  const signing = life.signing.filter(({ from }) => from <= Date.now());
  const old = signing.at(-1)?.secrets[0] ?? '';
  await endpointSecrets(deps.db).rotate(organizationId, life.id, sealed, overlapMs / 1_000);
  const now = Date.now();
  if (overlapMs > 0) signing.push({ from: now, secrets: [old, secret] });
  life.signing = [...signing, { from: now + overlapMs, secrets: [secret] }];
}

async function recover(world: World, { life }: ModelEndpoint): Promise<void> {
  const job = await world.deps.operations.recover({
    organizationId: world.organizationId,
    endpointId: life.id,
    since: new Date(world.startedAt),
    until: new Date(),
  });
  world.note(`recover ${life.id}: ${job === null ? 'running' : job.count}`);
}

export async function addEndpoint(world: World, isFirst = false): Promise<void> {
  const { deps, endpoints, organizationId } = world;
  if (world.open.length >= maxEndpoints) return;
  const random = seeded(world.random() * 2 ** 31);
  const partner = await startReceiver(() => answerOf(endpoint.mood, random()));
  const { id, secret } = await anEndpoint(deps, organizationId, partner.url);
  world.note(`add ${id}`);
  const signing = [{ from: 0, secrets: [secret] }];
  const life = { id, arrivals: partner.requests, pauses: [], removed: null, signing, isFirst };
  const endpoint: ModelEndpoint = { partner, mood: 'well', resumes: 0, life };
  endpoints.push(endpoint);
}

async function remove(world: World, { life }: ModelEndpoint): Promise<void> {
  world.note(`remove ${life.id}`);
  const at = Date.now();
  await world.deps.operations.remove(life.id);
  life.removed = { at, grantedAt: Date.now() };
}
