import { uuid4 } from '@temporalio/workflow';
import type { PublishLeadInput, Settings } from '../activities/publish.ts';
import { dueEvents, markEmitted, withEnrichmentDeadline, withGrace } from '../src/domain/gate.ts';
import { eventIdOf } from '../src/domain/event-ids.ts';
import { leadSubject } from '../src/domain/ids.ts';
import { type LeadStep, leadEventTypes } from '../src/domain/lead.ts';
import { applyStep, type LeadState, stageOf } from '../src/domain/lead-state.ts';
import type { CarriedLead } from './lead-run.ts';

/** Of a lead that has more steps than any real one, the ledger still refuses other content under an old id. */
const maxAppliedIds = 1_000;

/**
 * Takes the unread steps out, each id once. A copy is dropped; the same id with other content waits for a batch of its
 * own, in which the ledger decides.
 */
export function takeBatch(inbox: LeadStep[]): LeadStep[] {
  const batch = new Map<string, LeadStep>();
  const later: LeadStep[] = [];
  for (const step of inbox.splice(0)) {
    const taken = batch.get(step.id);
    if (taken === undefined) batch.set(step.id, step);
    else if (taken.fingerprint !== step.fingerprint) later.push(step);
  }
  inbox.push(...later);
  return [...batch.values()];
}

/** What the steps make of the lead, and what is to be emitted with them. Changes nothing yet. */
export function planBatch(
  { lead, appliedIds, isFresh }: CarriedLead,
  steps: readonly LeadStep[],
  busyEndpoints: string[],
): { input: PublishLeadInput; next: LeadState } {
  const now = Date.now();
  const { state, claims } = applyAll(lead, appliedIds, steps);
  const traceparents = [...new Set(steps.flatMap(({ traceparent }) => traceparent ?? []))];
  const emissions = dueEvents(state, now).map((type) => ({ type, eventId: eventIdOf(uuid4(), type), occurredAt: now }));
  const next = markEmitted(state, Object.fromEntries(emissions.map(({ type, eventId }) => [type, eventId])));
  return {
    next,
    input: {
      subject: leadSubject(lead.organizationId, lead.leadId),
      organizationId: lead.organizationId,
      leadId: lead.leadId,
      mode: next.mode ?? 'prod',
      claims,
      emitted: leadEventTypes.filter((type) => lead.emitted[type] !== undefined),
      emissions,
      facts: emissions.length > 0 ? next.facts : {},
      stage: stageOf(next),
      leadStatus: next.leadStatus,
      freshRun: isFresh,
      busyEndpoints,
      now,
      ...(traceparents.length > 0 && { traceparents }),
    },
  };
}

function applyAll(lead: LeadState, appliedIds: readonly string[], steps: readonly LeadStep[]) {
  let state = lead;
  const claims: PublishLeadInput['claims'] = [];
  for (const step of steps) {
    const applied = appliedIds.includes(step.id) ? { state, outcome: 'applied' as const } : applyStep(state, step);
    state = applied.state;
    claims.push({
      id: step.id,
      fingerprint: step.fingerprint,
      name: step.name,
      event: step.event,
      leadStatus: step.lead_status ?? null,
      occurredAt: step.occurredAt,
      outcome: applied.outcome,
    });
  }
  return { state, claims };
}

/** What a batch that was published makes of its run. */
export function markPublished(
  run: CarriedLead,
  { claims }: PublishLeadInput,
  next: LeadState,
  settings: Settings,
): void {
  const now = Date.now();
  run.isFresh = false;
  run.settings = settings;
  run.lastActiveAt = now;
  run.appliedIds = [...new Set([...run.appliedIds, ...claims.map(({ id }) => id)])].slice(-maxAppliedIds);
  // The operator may have released it while the batch was under way.
  const state = { ...next, released: next.released || run.lead.released };
  run.lead = withEnrichmentDeadline(withGrace(state, now, settings.addressGraceMs), now, settings.enrichmentDeadlineMs);
}

/** Names a publish in the history: `applies address, contact; emits lead.address_preview`. */
export function publishSummary({ claims, emissions }: Pick<PublishLeadInput, 'claims' | 'emissions'>): string {
  const steps = claims.length === 0 ? [] : [`applies ${claims.map(({ name }) => name).join(', ')}`];
  const events = emissions.length === 0 ? [] : [`emits ${emissions.map(({ type }) => type).join(', ')}`];
  return [...steps, ...events].join('; ') || 'looks for what an earlier run left';
}
