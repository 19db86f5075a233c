import { uuid4 } from '@temporalio/workflow';
import type { PublishLeadInput, Settings } from '../activities/publish.ts';
import { dueEvents, markEmitted, withEnrichmentDeadline, withGrace } from '../src/domain/gate.ts';
import { leadSubject } from '../src/domain/ids.ts';
import { type LeadStep, leadEventTypes } from '../src/domain/lead.ts';
import { applyStep, type LeadState, stageOf } from '../src/domain/lead-state.ts';
import type { CarriedLead } from './lead-run.ts';

/** Takes the unread steps out, each id once: a copy is dropped, the same id with other content waits for the ledger's verdict in a batch of its own. */
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
export function judge(
  { lead, appliedIds, isFresh }: CarriedLead,
  steps: readonly LeadStep[],
  busyEndpoints: string[],
): { input: PublishLeadInput; next: LeadState } {
  const now = Date.now();
  const { state, claims } = applyAll(lead, appliedIds, steps);
  const traceparents = [...new Set(steps.flatMap(({ traceparent }) => traceparent ?? []))];
  const emissions = dueEvents(state, now).map((type) => ({ type, eventId: uuid4(), occurredAt: now }));
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

/** Begins the waits that the applied steps call for. */
export function withDeadlines(state: LeadState, { addressGraceMs, enrichmentDeadlineMs }: Settings): LeadState {
  const now = Date.now();
  return withEnrichmentDeadline(withGrace(state, now, addressGraceMs), now, enrichmentDeadlineMs);
}

/** Names a publish in the history: `applies address, contact; emits lead.address_preview`. */
export function publishSummary({ claims, emissions }: Pick<PublishLeadInput, 'claims' | 'emissions'>): string {
  const steps = claims.length === 0 ? [] : [`applies ${claims.map(({ name }) => name).join(', ')}`];
  const events = emissions.length === 0 ? [] : [`emits ${emissions.map(({ type }) => type).join(', ')}`];
  return [...steps, ...events].join('; ') || 'looks for what an earlier run left';
}
