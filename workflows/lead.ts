import { ApplicationFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { PublishActivities, PublishLeadInput, Settings } from '../activities/publish.ts';
import type { NotifyActivities } from '../activities/notify.ts';
import {
  awaitsEnrichment,
  dueEvents,
  graceRunsUntil,
  isAwaiting,
  markEmitted,
  release,
  releaseBlockers,
  withEnrichmentDeadline,
  withGrace,
} from '../src/domain/gate.ts';
import { leadSubject } from '../src/domain/ids.ts';
import type { LeadStep } from '../src/domain/lead.ts';
import { applyStep, type LeadState, newLeadState, stageOf } from '../src/domain/lead-state.ts';
import { Alarm } from './alarm.ts';
import { describeInWords } from './describe.ts';
import { type Lane, Lanes } from './lane.ts';
import { completeEnrichmentUpdate, type LeadDescription, stateQuery, stepSignals, wakeSignal } from './messages.ts';
import { askForErasure } from './erase.ts';
import { startNotice } from './notice.ts';
import { hasAbandonedDeliveries, leadStage, leadStatus } from './search-attributes.ts';

/** What a lead's workflow starts with: who it is, or, continued as new, all it was. */
export interface LeadRun {
  organizationId: string;
  leadId: string;
  carried?: CarriedLead;
}

interface CarriedLead {
  lead: LeadState;
  lanes: Lane[];
  /** Signals that were received and not applied yet. */
  inbox: LeadStep[];
  /** Null until the first publish brought them. */
  settings: Settings | null;
  /** The newest ids applied: a copy must not win again over what came with or after its original. */
  appliedIds: string[];
  /** Nothing was applied yet: an earlier run's state may be waiting in Postgres. */
  isFresh: boolean;
  lastActiveAt: number;
  hasAbandoned: boolean;
  isErased: boolean;
  /** The organization was told that the enrichment is overdue. */
  isOverdueReported: boolean;
}

/** A run that could apply nothing (all of it refused) has no settings, and nothing to wait for (milliseconds). */
const idleWithoutSettingsMs = 60_000;
/** A payload holds 2 MiB at most: this many characters of unread steps leave room for the state beside them. */
const maxCarriedSize = 400_000;
/** Of a lead that has more steps than any real one, the ledger still refuses other content under an old id. */
const maxAppliedIds = 1_000;

const { publishLead, storeLead } = proxyLocalActivities<PublishActivities>({
  // An attempt inside it is handed over after half a second; what remains is Postgres.
  startToCloseTimeout: '30s',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '5s' },
});

const { reportOverdue } = proxyActivities<NotifyActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/**
 * One lead's life: takes its steps in, emits what they make due, and sees every delivery to its end. Signal handlers only
 * append; one loop acts (spec section 1).
 */
export async function lead(run: LeadRun): Promise<void> {
  await new Lead(run).live();
}

class Lead {
  readonly #subject: string;
  readonly #lanes: Lanes;
  readonly #alarm = new Alarm();
  readonly #state: CarriedLead;
  /** The report is under way; continued as new before it is done, the next run makes it again, which changes nothing. */
  #isReporting = false;
  #known: { stage: string; status: string | null };

  constructor({ organizationId, leadId, carried }: LeadRun) {
    this.#subject = leadSubject(organizationId, leadId);
    this.#state = carried ?? {
      lead: newLeadState(organizationId, leadId),
      lanes: [],
      inbox: [],
      settings: null,
      appliedIds: [],
      isFresh: true,
      lastActiveAt: Date.now(),
      hasAbandoned: false,
      isErased: false,
      isOverdueReported: false,
    };
    const { typedSearchAttributes } = workflowInfo();
    this.#known = {
      stage: typedSearchAttributes.get(leadStage) ?? '',
      status: typedSearchAttributes.get(leadStatus) ?? null,
    };
    this.#lanes = new Lanes({
      lanes: this.#state.lanes,
      taskQueue: deliveryTaskQueue(),
      attemptTimeoutMs: () => this.#state.settings?.attemptTimeoutMs ?? 15_000,
      onAbandoned: () => this.#markAbandoned(),
      onSettled: () => {
        this.#state.lastActiveAt = Date.now();
        this.#alarm.ensure(this.#nextLookAt());
        this.#showDetails();
      },
    });
    for (const signal of Object.values(stepSignals)) {
      setHandler(signal, (step) => {
        this.#state.inbox.push(step);
      });
    }
    setHandler(wakeSignal, ({ endpointId }) => this.#lanes.wake(endpointId));
    setHandler(stateQuery, () => this.describe());
    setHandler(completeEnrichmentUpdate, () => this.#release(), { validator: () => this.#mayBeReleased() });
  }

  async live(): Promise<void> {
    // Timers do not cross continue-as-new. A fresh run always has a step to read first.
    if (!this.#state.isFresh) this.#alarm.ensure(this.#nextLookAt());
    while (!workflowInfo().continueAsNewSuggested) {
      await condition(() => this.#hasReasonToLook());
      if (this.#state.inbox.length > 0 || this.#isSomethingDue()) await this.#act();
      if (this.#isOverdue()) void this.#reportOverdue();
      if (this.#isFinished() && (await this.#close())) return;
      this.#alarm.ensure(this.#nextLookAt());
    }
    await this.#continue();
  }

  #hasReasonToLook(): boolean {
    return (
      this.#state.inbox.length > 0 ||
      this.#alarm.hasFired ||
      this.#isReleased() ||
      workflowInfo().continueAsNewSuggested
    );
  }

  describe(): LeadDescription {
    const { lead: state, lanes, inbox } = this.#state;
    return { lead: state, stage: stageOf(state), leadStatus: state.leadStatus, lanes, unreadSteps: inbox.length };
  }

  /** Applies what is in the inbox as one batch. What the ledger refuses is taken out, and the rest judged again. */
  async #act(): Promise<void> {
    let steps = this.#takeBatch();
    for (;;) {
      const { input, next } = this.#judge(steps);
      const result = await publishLead(input);
      switch (result.kind) {
        case 'refused':
          steps = steps.filter(({ id }) => !result.ids.includes(id));
          if (steps.length === 0) return;
          break;
        case 'known':
          this.#state.lead = result.kept.lead;
          this.#state.appliedIds = result.kept.appliedIds;
          this.#state.isFresh = false;
          break;
        case 'erased':
          // Nothing of the person stays in this run; what its lanes still hold is found abandoned.
          this.#state.lead = newLeadState(this.#state.lead.organizationId, this.#state.lead.leadId);
          this.#state.isErased = true;
          await askForErasure(this.#state.lead);
          return;
        case 'published':
          this.#state.isFresh = false;
          this.#state.settings = result.settings;
          // The operator may have released it while this was under way.
          this.#state.lead = this.#withDeadlines(
            { ...next, released: next.released || this.#state.lead.released },
            result.settings,
          );
          this.#noteApplied(input.claims.map(({ id }) => id));
          this.#state.lastActiveAt = Date.now();
          if (result.abandoned) this.#markAbandoned();
          this.#lanes.add(result.open, Date.now());
          this.#show();
          for (const notice of result.notices) await startNotice(notice);
          return;
      }
    }
  }

  #noteApplied(ids: string[]): void {
    this.#state.appliedIds = [...new Set([...this.#state.appliedIds, ...ids])].slice(-maxAppliedIds);
  }

  /** The unread steps, each id once: a copy is dropped, the same id with other content waits for the ledger's verdict in a batch of its own. */
  #takeBatch(): LeadStep[] {
    const batch = new Map<string, LeadStep>();
    const later: LeadStep[] = [];
    for (const step of this.#state.inbox.splice(0)) {
      const taken = batch.get(step.id);
      if (taken === undefined) batch.set(step.id, step);
      else if (taken.fingerprint !== step.fingerprint) later.push(step);
    }
    this.#state.inbox.push(...later);
    return [...batch.values()];
  }

  /** What the steps make of the lead, and what is to be emitted with them. Changes nothing yet. */
  #judge(steps: readonly LeadStep[]): { input: PublishLeadInput; next: LeadState } {
    const now = Date.now();
    let state = this.#state.lead;
    const claims: PublishLeadInput['claims'] = [];
    for (const step of steps) {
      const isCopy = this.#state.appliedIds.includes(step.id);
      const applied = isCopy ? { state, outcome: 'applied' as const } : applyStep(state, step);
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
    const emissions = dueEvents(state, now).map((type) => ({ type, eventId: uuid4(), occurredAt: now }));
    const next = markEmitted(state, Object.fromEntries(emissions.map(({ type, eventId }) => [type, eventId])));
    return {
      next,
      input: {
        subject: this.#subject,
        organizationId: state.organizationId,
        leadId: state.leadId,
        mode: next.mode ?? 'prod',
        claims,
        emissions,
        facts: emissions.length > 0 ? next.facts : {},
        stage: stageOf(next),
        leadStatus: next.leadStatus,
        freshRun: this.#state.isFresh,
        busyEndpoints: this.#lanes.busyEndpoints,
        now,
      },
    };
  }

  #withDeadlines(state: LeadState, settings: Settings): LeadState {
    const now = Date.now();
    return withEnrichmentDeadline(withGrace(state, now, settings.addressGraceMs), now, settings.enrichmentDeadlineMs);
  }

  #isSomethingDue(): boolean {
    return dueEvents(this.#state.lead, Date.now()).length > 0;
  }

  /** The operator has just completed the enrichment, and what that makes due was not emitted yet. */
  #isReleased(): boolean {
    return this.#state.lead.released && this.#isSomethingDue();
  }

  #isOverdue(): boolean {
    const { lead: state, isOverdueReported } = this.#state;
    return (
      !this.#isReporting &&
      !isOverdueReported &&
      awaitsEnrichment(state) &&
      Date.now() >= (state.enrichmentDueAt ?? Number.POSITIVE_INFINITY)
    );
  }

  /** Tells the organization, in its next digest, and the operator (spec section 1): once. Neither the lead nor its steps wait for it. */
  async #reportOverdue(): Promise<void> {
    this.#isReporting = true;
    const { organizationId, leadId, enrichmentDueAt } = this.#state.lead;
    const waitingSince = (enrichmentDueAt ?? Date.now()) - (this.#state.settings?.enrichmentDeadlineMs ?? 0);
    await reportOverdue({ organizationId, leadId, waitingSince });
    this.#state.isOverdueReported = true;
  }

  /** Completes the enrichment with what is known (spec section 1): nothing waits for a write-back or a grace any more. */
  #release(): void {
    this.#state.lead = release(this.#state.lead);
  }

  #mayBeReleased(): void {
    const { lead: state } = this.#state;
    if (state.emitted['lead.enriched'] !== undefined) {
      throw ApplicationFailure.nonRetryable('lead.enriched was emitted already', 'AlreadyEnriched');
    }
    const missing = releaseBlockers(state);
    if (missing.length > 0) {
      throw ApplicationFailure.nonRetryable(`not known: ${missing.join(', ')}`, 'EnrichmentBlocked', ...missing);
    }
  }

  #isIdle(): boolean {
    return Date.now() >= this.#idleAt();
  }

  #idleAt(): number {
    const { settings, lastActiveAt } = this.#state;
    return lastActiveAt + (settings?.idleAfterMs ?? idleWithoutSettingsMs);
  }

  /** Something is unsettled or awaited: the run must not close, however long it takes. */
  #isWaiting(): boolean {
    return !this.#lanes.isEmpty || isAwaiting(this.#state.lead);
  }

  #isFinished(): boolean {
    return this.#state.inbox.length === 0 && !this.#isWaiting() && this.#isIdle();
  }

  /** The next time at which something may change by itself, epoch milliseconds: nothing periodic, nothing while it waits. */
  #nextLookAt(): number {
    const { lead: state, isOverdueReported } = this.#state;
    const grace = graceRunsUntil(state) ?? Number.POSITIVE_INFINITY;
    const isTold = isOverdueReported || this.#isReporting;
    const overdue = isTold || !awaitsEnrichment(state) ? null : state.enrichmentDueAt;
    return Math.min(
      grace,
      overdue ?? Number.POSITIVE_INFINITY,
      this.#isWaiting() ? Number.POSITIVE_INFINITY : this.#idleAt(),
    );
  }

  /** True when the run may end: its state is kept, and nothing came while that was done. */
  async #close(): Promise<boolean> {
    if (!this.#state.isFresh && !this.#state.isErased)
      await storeLead({
        subject: this.#subject,
        kept: { lead: this.#state.lead, appliedIds: this.#state.appliedIds },
      });
    await this.#leaveTheLocalActivitysTask();
    if (!this.#isFinished()) return false;
    upsertSearchAttributes([{ key: leadStage, value: this.#state.isErased ? 'erased' : 'complete' }]);
    return true;
  }

  async #continue(): Promise<never> {
    await this.#lanes.stop();
    // What the next run starts with has to fit into one payload, so only few unread steps may go along.
    do {
      while (this.#unreadSize() > maxCarriedSize) await this.#act();
      await this.#leaveTheLocalActivitysTask();
    } while (this.#unreadSize() > maxCarriedSize);
    await condition(allHandlersFinished);
    const { organizationId, leadId } = this.#state.lead;
    return continueAsNew<typeof lead>({ organizationId, leadId, carried: this.#state });
  }

  /**
   * A workflow that closes in the very task in which a local activity ran, while a signal arrives, loses the activity's
   * marker and runs it again: the request would go out twice. A timer puts a task in between.
   */
  async #leaveTheLocalActivitysTask(): Promise<void> {
    await sleep('1s');
  }

  #unreadSize(): number {
    return this.#state.inbox.reduce((size, step) => size + JSON.stringify(step).length, 0);
  }

  #markAbandoned(): void {
    if (this.#state.hasAbandoned) return;
    this.#state.hasAbandoned = true;
    upsertSearchAttributes([{ key: hasAbandonedDeliveries, value: true }]);
  }

  /** One upsert per change of stage at most: each is a write in the engine. */
  #show(): void {
    const { lead: state } = this.#state;
    const stage = stageOf(state);
    if (stage !== this.#known.stage || state.leadStatus !== this.#known.status) {
      this.#known = { stage, status: state.leadStatus };
      upsertSearchAttributes([
        { key: leadStage, value: stage },
        ...(state.leadStatus === null ? [] : [{ key: leadStatus, value: state.leadStatus }]),
      ]);
    }
    this.#showDetails();
  }

  #showDetails(): void {
    setCurrentDetails(describeInWords(this.describe()));
  }
}

/** Attempts that a workflow task must not wait for run beside its own task queue. */
const deliveryTaskQueue = (): string => `${workflowInfo().taskQueue}-deliveries`;
