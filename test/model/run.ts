import { setTimeout as sleep } from 'node:timers/promises';
import { endpointSecrets } from '../../src/db/endpoint-secrets.ts';
import type { Deps } from '../../src/deps.ts';
import { newSecret } from '../../src/webhooks/secrets.ts';
import { aLead, type InboundEvent } from '../support/lead-events.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { seeded } from '../support/seeded.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { Hopeless, eventually } from '../support/eventually.ts';
import { judge } from './judge.ts';
import { type EndpointLife, factsOf, type Observed } from './observed.ts';
import { answerOf, type Mood, moods } from './moods.ts';

export interface RunOptions {
  seed: number;
  /** How long commands are given (milliseconds). */
  durationMs: number;
  kills: number[];
}

/** Few open at once, so that each meets many commands. */
const maxOpenLeads = 5;
const maxLeads = 30;
const maxEndpoints = 3;
const settleMs = 90_000;

interface Endpoint {
  life: EndpointLife;
  partner: Receiver;
  mood: Mood;
  /** Counts begins and ends of resumes: what was looked up meanwhile says nothing. */
  resumes: number;
}

/** One organization with its partners, and everything that is done to it, by a seed. */
export class ModelRun {
  readonly log: string[] = [];
  readonly #deps: Deps;
  readonly #options: RunOptions;
  readonly #random: () => number;
  readonly #endpoints: Endpoint[] = [];
  readonly #leads: { leadId: string; steps: InboundEvent[]; due: string[] }[] = [];
  readonly #skips: Observed['skips'] = new Map();
  readonly #resends = new Set<string>();
  readonly #startedAt = Date.now();
  #organizationId = '';
  #isWatching = true;

  constructor(deps: Deps, options: RunOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#random = seeded(options.seed);
  }

  /** Gives commands, then makes everybody well, and judges. */
  async run(): Promise<string[]> {
    this.#organizationId = await anOrganization(this.#deps);
    await this.#addEndpoint(true);
    await this.#addEndpoint(true);
    const watching = this.#watchPauses();
    try {
      while (Date.now() < this.#startedAt + this.#options.durationMs) {
        await this.#command();
        await sleep(this.#random() * 120);
      }
      const unsettled = await this.#comeToRest();
      this.#isWatching = false;
      await watching;
      const facts = await factsOf(this.#deps, this.#organizationId, this.#leadIds());
      return [...unsettled, ...judge(this.#observed(facts))];
    } finally {
      this.#isWatching = false;
      await Promise.all(this.#endpoints.map(({ partner }) => partner.close()));
    }
  }

  /** What it saw, for the report of a long run. */
  get seen(): { requests: number; resends: number; repeats: number; pauses: number } {
    const lives = this.#endpoints.map(({ life }) => life);
    const arrivals = lives.flatMap((life) => life.arrivals);
    const attempts = new Set(arrivals.map(({ deliveryId, attempt }) => `${deliveryId} ${attempt}`));
    return {
      requests: arrivals.length,
      resends: arrivals.filter(({ isResend }) => isResend).length,
      repeats: arrivals.length - attempts.size,
      pauses: lives.reduce((count, { pauses }) => count + pauses.length, 0),
    };
  }

  #leadIds = (): string[] => this.#leads.map(({ leadId }) => leadId);

  #observed(facts: Pick<Observed, 'deliveries' | 'attemptIds'>): Observed {
    const { retryScheduleMs, attemptTimeoutMs } = this.#deps.config;
    return {
      ...facts,
      leadIds: this.#leadIds(),
      endpoints: this.#endpoints.map(({ life }) => life),
      skips: this.#skips,
      resends: this.#resends,
      kills: this.#options.kills,
      due: new Map(this.#leads.map(({ leadId, due }) => [leadId, due])),
      lastAttempt: retryScheduleMs.length + 1,
      timeoutMs: attemptTimeoutMs,
    };
  }

  #note(what: string): void {
    this.log.push(`${new Date().toISOString().slice(11, 23)} ${what}`);
  }

  #pick<Value>(values: readonly Value[]): Value | undefined {
    return values[Math.floor(this.#random() * values.length)];
  }

  async #command(): Promise<void> {
    const chance = this.#random();
    const endpoint = this.#pick(this.#endpoints.filter(({ life }) => life.removed === null));
    if (endpoint === undefined) return this.#addEndpoint(false);
    if (chance < 0.4) return this.#postStep();
    if (chance < 0.62) return this.#changeMood(endpoint);
    if (chance < 0.69) return this.#pause(endpoint);
    if (chance < 0.8) return this.#resume(endpoint);
    if (chance < 0.86) return this.#skip();
    if (chance < 0.9) return this.#resend();
    if (chance < 0.93) return this.#rotate(endpoint);
    if (chance < 0.96) return this.#recover(endpoint);
    if (chance < 0.985) return this.#addEndpoint(false);
    return this.#remove(endpoint);
  }

  async #postStep(): Promise<void> {
    const open = this.#leads.filter(({ steps }) => steps.length > 0);
    const isNew = open.length < maxOpenLeads && this.#random() < 0.4;
    const lead = isNew || open.length === 0 ? this.#newLead() : this.#pick(open);
    const step = lead?.steps.shift();
    if (lead === undefined || step === undefined) return;
    this.#note(`post ${step.event} ${String(step.data.object.leadStatus ?? '')} of ${lead.leadId}`);
    await this.#deps.client.publish(step);
    if (this.#random() < 0.1) await this.#deps.client.publish(step);
  }

  /** All of a lead's steps, in the order of the table or in any; the last events are due whatever the order. */
  #newLead() {
    if (this.#leads.length >= maxLeads) return undefined;
    const isRental = this.#random() < 0.6;
    const events = aLead(this.#organizationId, { ownerOccupied: !isRental });
    const isWhole = this.#random() < 0.5;
    const steps = [
      events.created(),
      events.details(),
      events.personal({ enriched: isWhole }),
      ...(isWhole ? [] : [events.enrichment()]),
      events.contact(),
    ];
    if (this.#random() < 0.3) steps.sort(() => this.#random() - 0.5);
    const due = ['lead.enriched', ...(isRental ? ['lead.rental_alert'] : []), 'lead.contact_requested'];
    const lead = { leadId: events.leadId, steps, due };
    this.#leads.push(lead);
    return lead;
  }

  #changeMood(endpoint: Endpoint): void {
    const mood: Mood = this.#random() < 0.35 ? 'well' : (this.#pick(moods) ?? 'well');
    this.#note(`${endpoint.life.id} is ${mood}`);
    endpoint.mood = mood;
  }

  async #pause({ life }: Endpoint): Promise<void> {
    this.#note(`pause ${life.id}`);
    await this.#deps.operations.pause(life.id);
    this.#seenPaused(life);
  }

  async #resume(endpoint: Endpoint): Promise<void> {
    const { life } = endpoint;
    this.#note(`resume ${life.id}`);
    endpoint.resumes += 1;
    for (const pause of life.pauses) pause.until = Math.min(pause.until, Date.now());
    await this.#deps.operations.resume(life.id);
    endpoint.resumes += 1;
  }

  #seenPaused(life: EndpointLife): void {
    if (life.pauses.some(({ until }) => until === Number.POSITIVE_INFINITY)) return;
    life.pauses.push({ from: Date.now(), until: Number.POSITIVE_INFINITY });
  }

  async #aDelivery(condition: string): Promise<string | undefined> {
    const rows = await this.#deps.db.query<{ id: string }>(
      `select id from deliveries where organization_id = $1 and ${condition} order by created_at, endpoint_id, sequence`,
      [this.#organizationId],
    );
    return this.#pick(rows)?.id;
  }

  async #skip(): Promise<void> {
    const id = await this.#aDelivery(`status not in ('delivered', 'abandoned')`);
    if (id === undefined) return;
    const at = Date.now();
    const isGranted = await this.#deps.operations.skip(id);
    this.#note(`skip ${id}: ${isGranted}`);
    if (isGranted) this.#skips.set(id, { at, grantedAt: Date.now() });
  }

  async #resend(): Promise<void> {
    const id = await this.#aDelivery(`status in ('delivered', 'abandoned')`);
    if (id === undefined) return;
    this.#resends.add(id);
    this.#note(`resend ${id}: ${await this.#deps.operations.resend(id)}`);
  }

  async #rotate({ life }: Endpoint): Promise<void> {
    const overlapMs = this.#random() < 0.5 ? 0 : 2_000;
    const secret = newSecret();
    const sealed = this.#deps.keyRing.seal(Buffer.from(secret), `endpoint/${life.id}`);
    this.#note(`rotate ${life.id} with ${overlapMs} ms`);
    const signing = life.signing.filter(({ from }) => from <= Date.now());
    const old = signing.at(-1)?.secrets[0] ?? '';
    await endpointSecrets(this.#deps.db).rotate(this.#organizationId, life.id, sealed, overlapMs / 1_000);
    const now = Date.now();
    if (overlapMs > 0) signing.push({ from: now, secrets: [old, secret] });
    life.signing = [...signing, { from: now + overlapMs, secrets: [secret] }];
  }

  async #recover({ life }: Endpoint): Promise<void> {
    const job = await this.#deps.operations.recover({
      organizationId: this.#organizationId,
      endpointId: life.id,
      since: new Date(this.#startedAt),
      until: new Date(),
    });
    this.#note(`recover ${life.id}: ${job === null ? 'running' : job.count}`);
  }

  async #addEndpoint(isFirst: boolean): Promise<void> {
    if (this.#endpoints.filter(({ life }) => life.removed === null).length >= maxEndpoints) return;
    const random = seeded(this.#random() * 2 ** 31);
    const partner = await startReceiver(() => answerOf(endpoint.mood, random()));
    const { id, secret } = await anEndpoint(this.#deps, this.#organizationId, partner.url);
    this.#note(`add ${id}`);
    const endpoint: Endpoint = {
      partner,
      mood: 'well',
      resumes: 0,
      life: {
        id,
        arrivals: partner.requests,
        pauses: [],
        removed: null,
        signing: [{ from: 0, secrets: [secret] }],
        isFirst,
      },
    };
    this.#endpoints.push(endpoint);
  }

  async #remove({ life }: Endpoint): Promise<void> {
    this.#note(`remove ${life.id}`);
    const at = Date.now();
    await this.#deps.operations.remove(life.id);
    life.removed = { at, grantedAt: Date.now() };
  }

  /** Pauses by rule are seen here. One that is resumed while it is looked up is not taken for paused. */
  async #watchPauses(): Promise<void> {
    while (this.#isWatching) {
      await sleep(200);
      const before = this.#endpoints.map(({ resumes }) => resumes);
      const rows = await this.#deps.db.query<{ id: string }>(
        `select id from endpoints where organization_id = $1 and status = 'paused'`,
        [this.#organizationId],
      );
      for (const [index, { life, resumes }] of this.#endpoints.entries()) {
        const isSure = resumes % 2 === 0 && before[index] === resumes;
        if (isSure && rows.some(({ id }) => id === life.id)) this.#seenPaused(life);
      }
    }
  }

  /** Everybody is well, every step is posted, every endpoint but one resumed: then all is settled, or held there. */
  async #comeToRest(): Promise<string[]> {
    for (const endpoint of this.#endpoints) endpoint.mood = 'well';
    while (this.#leads.some(({ steps }) => steps.length > 0)) await this.#postStep();
    const staysPaused = this.#random() < 0.25 ? this.#pick(this.#endpoints) : undefined;
    if (staysPaused) await this.#pause(staysPaused);
    this.#note(`well again, but ${staysPaused?.life.id ?? 'none'}`);
    const paused = () =>
      this.#endpoints.filter(({ life }) => life.pauses.some(({ until }) => until === Number.POSITIVE_INFINITY));
    try {
      await eventually(async () => {
        for (const endpoint of paused())
          if (endpoint !== staysPaused && endpoint.life.removed === null) await this.#resume(endpoint);
        await sleep(500);
        const open = await this.#unsettled(staysPaused?.life.removed === null ? staysPaused.life.id : null);
        if (open.length > 0) throw new Error(open.join('\n'));
      }, settleMs);
      return [];
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      return [`not settled after ${settleMs} ms:`, ...(error as Error).message.split('\n')];
    }
  }

  /** What is not settled, or, at the endpoint that stays paused, not held; steps that are not applied. */
  async #unsettled(pausedId: string | null): Promise<string[]> {
    const deliveries = await this.#deps.db.query<{ what: string }>(
      `select 'delivery ' || id || ' lead ' || lead_id || ' at ' || endpoint_id || ' ' || event || ' #' || sequence || ' ' || status
              || ' attempt ' || attempt || ' next ' || coalesce(next_attempt_at::text, '-') || ' runner ' || coalesce(runner, '-') as what
         from deliveries where organization_id = $1 and status not in ('delivered', 'abandoned')
          and not (endpoint_id = coalesce($2::uuid, '00000000-0000-0000-0000-000000000000') and status <> 'delivering')`,
      [this.#organizationId, pausedId],
    );
    const emitted = await this.#deps.db.query<{ subject: string; type: string }>(
      'select subject, type from events where organization_id = $1',
      [this.#organizationId],
    );
    const missing = this.#leads.flatMap(({ leadId, due }) =>
      due
        .filter((type) => !emitted.some((event) => event.type === type && event.subject.endsWith(leadId)))
        .map((type) => `lead ${leadId}: ${type} is not emitted`),
    );
    return [...deliveries.map(({ what }) => what), ...missing];
  }
}
