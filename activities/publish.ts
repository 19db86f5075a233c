import type { Claim } from '../src/db/inbound.ts';
import type { LeadContext } from '../src/db/lead-context.ts';
import type { OpenDeliveries } from '../src/db/open-deliveries.ts';
import type { FrozenEvent } from '../src/db/publish-statement.ts';
import { onceInALife, type Publishing } from '../src/db/publishing.ts';
import { attemptPublished, type FirstAttempts } from '../src/delivery/deliver.ts';
import type { Delivery } from '../src/delivery/delivery.ts';
import type { OpenDelivery } from '../src/domain/lanes.ts';
import type { LeadEventType, LeadFacts, LeadStage, LeadStatus, Mode } from '../src/domain/lead.ts';
import type { LeadState } from '../src/domain/lead-state.ts';
import { envelope, leadEventData } from '../src/domain/payloads.ts';
import { widgetKeyOf } from '../src/domain/source-tracking.ts';
import type { KeyRing } from '../src/crypto/key-ring.ts';

/** The waits a workflow needs to know, from the configuration (milliseconds). They reach it with each publish. */
export interface Settings {
  addressGraceMs: number;
  enrichmentDeadlineMs: number;
  idleAfterMs: number;
  attemptTimeoutMs: number;
  /** How many the schedule allows. */
  attempts: number;
}

export interface PublishLeadInput {
  subject: string;
  organizationId: string;
  leadId: string;
  mode: Mode;
  /** The steps of this batch and how each was judged; their ids are claimed with it. */
  claims: Claim[];
  /** What the workflow knows to be emitted. */
  emitted: LeadEventType[];
  /** What the steps emit, in order; ids and times are the workflow's. */
  emissions: { eventId: string; type: LeadEventType; occurredAt: number }[];
  facts: LeadFacts;
  stage: LeadStage;
  leadStatus: LeadStatus | null;
  /** This run has not applied anything yet: an earlier run's state may be waiting in Postgres. */
  freshRun: boolean;
  /** Endpoints whose lane has something unsettled: nothing may overtake it. */
  busyEndpoints: string[];
  /** The workflow's time, epoch milliseconds. */
  now: number;
  /** The traces that brought the steps; later attempts are in the first. */
  traceparents?: string[];
}

/** What outlives a run, encrypted in Postgres. */
export interface KeptLead {
  lead: LeadState;
  appliedIds: string[];
}

export type PublishResult =
  | ({ kind: 'published'; settings: Settings } & FirstAttempts)
  /** Some of the ids belong to another subject, or came with other content: judge the batch again without them. */
  | { kind: 'refused'; ids: string[] }
  /**
   * More was emitted than the workflow knows: a task got as far as that and was lost. The next one may hold other
   * steps, so judge the batch again with this known, and bring to its end what was left.
   */
  | { kind: 'emitted'; emitted: Partial<Record<LeadEventType, string>>; open: OpenDelivery[] }
  /** An earlier run knew this lead: go on from its state. */
  | { kind: 'known'; kept: KeptLead }
  | { kind: 'erased' };

export interface PublishDeps {
  delivery: Delivery;
  publishing: Publishing;
  openDeliveries: Pick<OpenDeliveries, 'leftToDo'>;
  keyRing: KeyRing;
  settings: Settings;
}

export const publishActivities = (deps: PublishDeps) => ({
  /**
   * Applies a batch of a lead's steps: claims their ids, emits what they make due, fans it out and makes the first
   * attempts. Safe to repeat: what was emitted is found in the ledger, and what was delivered is not sent again (spec
   * section 2: each inbound id is applied once; section 3: bytes are frozen at emission).
   */
  async publishLead(input: PublishLeadInput): Promise<PublishResult> {
    const { subject, organizationId, claims, facts } = input;
    const context = await deps.publishing.leadContext({
      subject,
      organizationId,
      widget: widgetKeyOf(facts),
      inboundIds: claims.map(({ id }) => id),
    });
    return (await obstacle(deps, input, context)) ?? publish(deps, input, context);
  },

  /** Keeps the merged state of a lead whose run ends, encrypted (spec section 1). */
  async storeLead({ subject, kept }: { subject: string; kept: KeptLead }): Promise<void> {
    await deps.publishing.storeLead(subject, deps.keyRing.seal(Buffer.from(JSON.stringify(kept)), subject));
  },
});

export type PublishActivities = ReturnType<typeof publishActivities>;

/** What keeps a batch from being published as it was planned; null: nothing. */
async function obstacle(
  { publishing, openDeliveries, keyRing }: PublishDeps,
  { subject, claims, freshRun, emitted }: PublishLeadInput,
  context: LeadContext,
): Promise<PublishResult | null> {
  if (context.stage === 'erased') {
    await publishing.recordDropped(subject, claims, 'erased');
    return { kind: 'erased' };
  }
  if (freshRun && context.state !== null) {
    const kept = Buffer.from(keyRing.open(context.state, subject)).toString('utf8');
    return { kind: 'known', kept: JSON.parse(kept) as KeptLead };
  }
  const unknown = context.emitted.filter(({ type }) => !emitted.includes(type));
  if (unknown.length > 0) {
    return {
      kind: 'emitted',
      emitted: Object.fromEntries(unknown.map(({ type, event_id }) => [type, event_id])),
      open: await openDeliveries.leftToDo(unknown.map(({ event_id }) => event_id)),
    };
  }
  const conflicts = conflicting(claims, context, subject);
  for (const { id, fingerprint } of conflicts) await publishing.recordConflict(id, fingerprint, subject);
  return conflicts.length > 0 ? { kind: 'refused', ids: conflicts.map(({ id }) => id) } : null;
}

/**
 * Claims that the ledger holds for other content or another subject. A repeat of our own, after a crash, is not one.
 */
const conflicting = (claims: readonly Claim[], context: LeadContext, subject: string): Claim[] =>
  claims.filter(({ id, fingerprint }) =>
    context.known.some((known) => known.id === id && (known.subject !== subject || known.fingerprint !== fingerprint)),
  );

/** Writes the batch down and makes the first attempts of what it emits. */
async function publish(
  { delivery, publishing, settings }: PublishDeps,
  input: PublishLeadInput,
  context: LeadContext,
): Promise<PublishResult> {
  const { subject, organizationId, mode, claims, busyEndpoints, leadId, stage, leadStatus, now } = input;
  const events = freeze(input, context);
  const lead = { leadId, stage, leadStatus };
  const published = await publishing.publish({ subject, organizationId, mode, claims, events, lead });
  const attempted = await attemptPublished(delivery, published, busyEndpoints, { workflowId: subject, now });
  return { kind: 'published', ...attempted, settings };
}

function freeze(input: PublishLeadInput, context: LeadContext): FrozenEvent[] {
  const publishingContext = { tier: context.tier ?? ('starter' as const), widget: context.widget };
  return input.emissions.map(({ eventId, type, occurredAt }) => ({
    eventId,
    type,
    cause: onceInALife,
    occurredAt,
    traceparent: input.traceparents?.[0] ?? null,
    body: envelope({
      event: type,
      eventId,
      timestamp: new Date(occurredAt).toISOString(),
      organizationId: input.organizationId,
      data: leadEventData(type, input.leadId, input.facts, publishingContext),
    }),
  }));
}
