import type { Claim, FrozenEvent, LeadContext, PublishStatement } from '../src/db/publishing.ts';
import { onceInALife } from '../src/db/publishing.ts';
import type { Sendable } from '../src/db/sendable.ts';
import type { Notice } from '../src/domain/notice.ts';
import type { LeadEventType, LeadFacts, LeadStage, LeadStatus, Mode } from '../src/domain/lead.ts';
import type { LeadState } from '../src/domain/lead-state.ts';
import { envelope, leadEventData } from '../src/domain/payloads.ts';
import { widgetKeyOf } from '../src/domain/source-tracking.ts';
import type { KeyRing } from '../src/crypto/key-ring.ts';
import { type Attempted, type FirstAttemptParts, firstAttempts, notAttempted } from './first-attempts.ts';

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
}

/** A delivery that the workflow still has to bring to its end. */
export interface OpenDelivery {
  id: string;
  endpointId: string;
  /** The number of its next (or present) attempt. */
  attempt: number;
  /** Milliseconds to wait before it; 0: at once. */
  delayMs: number;
  /** The endpoint's host and what is sent: for the words that Temporal shows. */
  host?: string;
  names?: { event: string; sequence: number };
}

/** What outlives a run, encrypted in Postgres. */
export interface KeptLead {
  lead: LeadState;
  appliedIds: string[];
}

export type PublishResult =
  | { kind: 'published'; open: OpenDelivery[]; abandoned: boolean; notices: Notice[]; settings: Settings }
  /** Some of the ids belong to somebody else, or came with other content: judge the batch again without them. */
  | { kind: 'refused'; ids: string[] }
  /**
   * More was emitted than the workflow knows: a task got as far as that and was lost. The next one may hold other steps, so
   * judge the batch again with this known, and bring to its end what was left.
   */
  | { kind: 'emitted'; emitted: Partial<Record<LeadEventType, string>>; open: OpenDelivery[] }
  /** An earlier run knew this lead: go on from its state. */
  | { kind: 'known'; kept: KeptLead }
  | { kind: 'erased' };

interface Publishing {
  leadContext(
    subject: string,
    organizationId: string,
    widget: { referenceId: string | null; version: string | null },
    ids: string[],
  ): Promise<LeadContext>;
  publish(statement: PublishStatement): Promise<Sendable[]>;
  leftToDo(eventIds: string[]): Promise<Sendable[]>;
  recordConflict(id: string, fingerprint: string, subject: string): Promise<number>;
  recordDropped(subject: string, claims: Claim[], outcome: 'erased' | 'refused'): Promise<number>;
  storeLead(subject: string, state: Buffer): Promise<number>;
  unsettledOf(subject: string): Promise<{ id: string; endpoint_id: string; attempt: number }[]>;
}

export interface PublishParts extends FirstAttemptParts {
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
    body: envelope({
      event: type,
      eventId,
      timestamp: new Date(occurredAt).toISOString(),
      organizationId: input.organizationId,
      data: leadEventData(type, input.leadId, input.facts, publishingContext),
    }),
  }));
}

export const toOpen = ({ delivery, outcome }: Attempted): OpenDelivery[] => {
  const open = (attempt: number, delayMs: number): OpenDelivery[] => [
    {
      id: delivery.deliveryId,
      endpointId: delivery.endpointId,
      attempt,
      delayMs,
      host: new URL(delivery.url).host,
      names: { event: delivery.event, sequence: delivery.sequence },
    },
  ];
  switch (outcome?.kind) {
    case 'delivered':
    case 'abandoned':
      return [];
    case 'retry':
      return open(2, outcome.delayMs);
    default:
      return open(1, 0);
  }
};

export const publishActivities = (parts: PublishParts) => ({
  /**
   * Applies a batch of a lead's steps: claims their ids, emits what they make due, fans it out and makes the first
   * attempts. Safe to repeat: what was emitted is found in the ledger, and what was delivered is not sent again (spec
   * section 2: each inbound id is applied once; section 3: bytes are frozen at emission).
   */
  async publishLead(input: PublishLeadInput): Promise<PublishResult> {
    const { subject, organizationId, claims, now } = input;
    const permittedAt = parts.pulse.now();
    const widget = widgetKeyOf(input.facts);
    const context = await parts.publishing.leadContext(
      subject,
      organizationId,
      { referenceId: widget.id, version: widget.version },
      claims.map(({ id }) => id),
    );
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
        open: left.map(notAttempted).flatMap(toOpen),
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
    const fresh = await parts.publishing.publish({
      subject,
      organizationId,
      mode: input.mode,
      claims,
      events: freeze(input, context),
      lead: { leadId: input.leadId, stage: input.stage, leadStatus: input.leadStatus },
    });
    const attempted = await firstAttempts(parts, fresh, new Set(input.busyEndpoints), { now, permittedAt });
    return {
      kind: 'published',
      open: attempted.flatMap(toOpen),
      abandoned: attempted.some(({ outcome }) => outcome?.kind === 'abandoned'),
      notices: attempted.flatMap(({ notices }) => notices),
      settings: parts.settings,
    };
  },

  /** What is unsettled of a subject whose run was gone, in order; what a recovery works at is not among it. */
  async openDeliveries({ subject }: { subject: string }): Promise<OpenDelivery[]> {
    const rows = await parts.publishing.unsettledOf(subject);
    return rows.map(({ id, endpoint_id: endpointId, attempt }) => ({ id, endpointId, attempt, delayMs: 0 }));
  },

  /** Keeps the merged state of a lead whose run ends, encrypted (spec section 1). */
  async storeLead({ subject, kept }: { subject: string; kept: KeptLead }): Promise<void> {
    await parts.publishing.storeLead(subject, parts.keyRing.seal(Buffer.from(JSON.stringify(kept)), subject));
  },
});

export type PublishActivities = ReturnType<typeof publishActivities>;
