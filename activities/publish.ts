import { type Claim, type FrozenEvent, onceInALife, type Publishing, toOpen } from '../src/db/publishing.ts';
import type { LeadContext } from '../src/db/lead-context.ts';
import { FastEndpoints, firstAttempts } from '../src/delivery/first-attempts.ts';
import type { DeliveryParts } from '../src/delivery/parts.ts';
import type { OpenDelivery } from '../src/domain/lanes.ts';
import type { Notice } from '../src/domain/notice.ts';
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
  | { kind: 'published'; open: OpenDelivery[]; abandoned: boolean; notices: Notice[]; settings: Settings }
  /** Some of the ids belong to another subject, or came with other content: judge the batch again without them. */
  | { kind: 'refused'; ids: string[] }
  /**
   * More was emitted than the workflow knows: a task got as far as that and was lost. The next one may hold other steps, so
   * judge the batch again with this known, and bring to its end what was left.
   */
  | { kind: 'emitted'; emitted: Partial<Record<LeadEventType, string>>; open: OpenDelivery[] }
  /** An earlier run knew this lead: go on from its state. */
  | { kind: 'known'; kept: KeptLead }
  | { kind: 'erased' };

export interface PublishParts {
  delivery: DeliveryParts;
  publishing: Publishing;
  keyRing: KeyRing;
  settings: Settings;
}

/** Claims that the ledger holds for other content or another subject. A repeat of our own, after a crash, is not one. */
const foreign = (claims: Claim[], context: LeadContext, subject: string) =>
  context.known.filter((known) => {
    const claim = claims.find(({ id }) => id === known.id);
    return claim !== undefined && (known.subject !== subject || known.fingerprint !== claim.fingerprint);
  });

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

export const publishActivities = (parts: PublishParts) => ({
  /**
   * Applies a batch of a lead's steps: claims their ids, emits what they make due, fans it out and makes the first
   * attempts. Safe to repeat: what was emitted is found in the ledger, and what was delivered is not sent again (spec
   * section 2: each inbound id is applied once; section 3: bytes are frozen at emission).
   */
  async publishLead(input: PublishLeadInput): Promise<PublishResult> {
    const { subject, organizationId, claims, now, mode } = input;
    const { delivery } = parts;
    const permittedAt = delivery.freezeDetector.now();
    const context = await parts.publishing.leadContext({
      subject,
      organizationId,
      mode,
      widget: widgetKeyOf(input.facts),
      inboundIds: claims.map(({ id }) => id),
    });
    if (context.stage === 'erased') {
      await parts.publishing.recordDropped(subject, claims, 'erased');
      return { kind: 'erased' };
    }
    if (input.freshRun && context.state !== null) {
      return {
        kind: 'known',
        kept: JSON.parse(Buffer.from(parts.keyRing.open(context.state, subject)).toString('utf8')) as KeptLead,
      };
    }
    const unknown = context.emitted.filter(({ type }) => !input.emitted.includes(type));
    if (unknown.length > 0) {
      const left = await parts.publishing.leftToDo(unknown.map(({ event_id }) => event_id));
      return {
        kind: 'emitted',
        emitted: Object.fromEntries(unknown.map(({ type, event_id }) => [type, event_id])),
        open: left.map(toOpen),
      };
    }
    const refused = foreign(claims, context, subject);
    if (refused.length > 0) {
      for (const { id } of refused) {
        const claim = claims.find((candidate) => candidate.id === id);
        if (claim !== undefined) await parts.publishing.recordConflict(id, claim.fingerprint, subject);
      }
      return { kind: 'refused', ids: refused.map(({ id }) => id) };
    }
    const lead = { leadId: input.leadId, stage: input.stage, leadStatus: input.leadStatus };
    const events = freeze(input, context);
    const fast = new FastEndpoints(delivery, events.length === 0 ? [] : context.endpoints, input.busyEndpoints);
    try {
      const { owner } = delivery;
      const statement = { subject, organizationId, mode, claims, events, lead, fast: fast.ids, owner };
      const published = await parts.publishing.publish(statement);
      const attempted = await firstAttempts(delivery, subject, published, fast, { now, permittedAt });
      return { kind: 'published', ...attempted, settings: parts.settings };
    } finally {
      fast.release();
    }
  },

  /** Keeps the merged state of a lead whose run ends, encrypted (spec section 1). */
  async storeLead({ subject, kept }: { subject: string; kept: KeptLead }): Promise<void> {
    await parts.publishing.storeLead(subject, parts.keyRing.seal(Buffer.from(JSON.stringify(kept)), subject));
  },
});

export type PublishActivities = ReturnType<typeof publishActivities>;
