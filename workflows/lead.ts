import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { NotifyActivities } from '../activities/notify.ts';
import type { PublishActivities } from '../activities/publish.ts';
import { dueEvents, isAwaiting, markEmitted, release } from '../src/domain/gate.ts';
import { leadSubject } from '../src/domain/ids.ts';
import { type DeliveryReport, isSettled } from '../src/domain/lanes.ts';
import type { LeadStepName } from '../src/domain/lead.ts';
import { newLeadState } from '../src/domain/lead-state.ts';
import { Alarm } from './alarm.ts';
import { askForErasure } from './erase.ts';
import { descriptions } from './descriptions.ts';
import { Lanes } from './lanes.ts';
import { markPublished, planBatch, publishSummary, takeBatch } from './lead-batch.ts';
import { assertReleasable } from './lead-release.ts';
import {
  beginningOf,
  type CarriedLead,
  idleAt,
  type LeadRun,
  maxCarriedSize,
  nextDueAt,
  overdueAt,
  unreadSize,
} from './lead-run.ts';
import { describeLead, LeadView } from './lead-view.ts';
import { completeEnrichmentUpdate, stateQuery, stepSignals } from './messages.ts';

const { publishLead, storeLead } = proxyLocalActivities<PublishActivities>({
  // It waits for partners half a second; what remains is Postgres.
  startToCloseTimeout: '30s',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '5s' },
});

const { reportOverdue } = proxyActivities<NotifyActivities>({
  summary: 'tells the organization that the enrichment is overdue',
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/**
 * One lead's life: takes its steps in, emits what they make due, and sees every delivery to its end. Signal handlers
 * only append; one loop acts (spec section 1). A cancel does not stop it: what is unsettled would have no workflow.
 */
export async function lead(run: LeadRun): Promise<void> {
  await CancellationScope.nonCancellable(() => new Lead(run).live());
}

class Lead {
  readonly #subject: string;
  readonly #lanes: Lanes;
  readonly #alarm = new Alarm();
  readonly #view = new LeadView();
  readonly #state: CarriedLead;
  /** The report that the enrichment is overdue, from when it begins. */
  #reporting: Promise<void> | null = null;

  constructor(run: LeadRun) {
    this.#subject = leadSubject(run.organizationId, run.leadId);
    this.#state = beginningOf(run, Date.now());
    this.#lanes = new Lanes(this.#state.deliveries, {
      subject: this.#subject,
      attempts: () => this.#state.settings?.attempts ?? null,
      onReport: (report) => this.#note(report),
    });
    for (const signal of Object.values(stepSignals)) {
      setHandler(signal, (step) => void this.#state.inbox.push(step), {
        description: descriptions[signal.name as LeadStepName],
      });
    }
    setHandler(stateQuery, () => describeLead(this.#state), { description: descriptions.leadState });
    setHandler(completeEnrichmentUpdate, () => this.#release(), {
      validator: () => assertReleasable(this.#state.lead),
      description: descriptions.completeEnrichment,
    });
  }

  async live(): Promise<void> {
    // Timers do not cross continue-as-new. A fresh run always has something to read first.
    if (!this.#state.isFresh) this.#setAlarm();
    while (!workflowInfo().continueAsNewSuggested) {
      await condition(() => this.#isDue());
      if (this.#state.inbox.length > 0 || this.#isSomethingDue()) await this.#act();
      if (this.#lanes.isDue) await this.#deliver();
      if (this.#reporting === null && Date.now() >= overdueAt(this.#state)) this.#reporting = this.#reportOverdue();
      if (this.#isFinished() && (await this.#close())) return;
      this.#setAlarm();
    }
    await this.#continue();
  }

  #isDue(): boolean {
    return (
      this.#state.inbox.length > 0 ||
      this.#lanes.isDue ||
      this.#alarm.hasFired ||
      this.#isReleased() ||
      workflowInfo().continueAsNewSuggested
    );
  }

  /** For the next lane that is due, the grace, the enrichment deadline, or idleness. */
  #setAlarm(): void {
    const isReporting = this.#reporting !== null;
    this.#lanes.setAlarm(this.#alarm, nextDueAt(this.#state, { isWaiting: this.#isWaiting(), isReporting }));
  }

  /** Applies what is in the inbox as one batch. What the ledger refuses is taken out, and the rest planned again. */
  async #act(): Promise<void> {
    let steps = takeBatch(this.#state.inbox);
    for (;;) {
      const { input, next } = planBatch(this.#state, steps, this.#lanes.busyEndpoints);
      const result = await publishLead.executeWithOptions({ summary: publishSummary(input) }, [input]);
      switch (result.kind) {
        case 'refused':
          steps = steps.filter(({ id }) => !result.ids.includes(id));
          if (steps.length === 0) return;
          break;
        case 'emitted':
          this.#state.lead = markEmitted(this.#state.lead, result.emitted);
          this.#lanes.add(result.open);
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
          markPublished(this.#state, input, next, result.settings);
          this.#lanes.add(result.open);
          await this.#lanes.apply(result.reports);
          this.#view.show(describeLead(this.#state));
          return;
      }
    }
  }

  async #deliver(): Promise<void> {
    await this.#lanes.work();
    this.#view.tell(describeLead(this.#state));
  }

  #note(report: DeliveryReport): void {
    if (report.outcome.kind === 'abandoned') this.#markAbandoned();
    if (isSettled(report)) this.#state.lastActiveAt = Date.now();
  }

  #isSomethingDue(): boolean {
    return dueEvents(this.#state.lead, Date.now()).length > 0;
  }

  /** The operator has just completed the enrichment, and what that makes due was not emitted yet. */
  #isReleased(): boolean {
    return this.#state.lead.released && this.#isSomethingDue();
  }

  /**
   * Tells the organization, in its next digest, and the operator, once (spec section 1). The lead does not wait for it.
   */
  async #reportOverdue(): Promise<void> {
    const { organizationId, leadId, enrichmentDueAt } = this.#state.lead;
    const waitingSince = (enrichmentDueAt ?? Date.now()) - (this.#state.settings?.enrichmentDeadlineMs ?? 0);
    await reportOverdue({ organizationId, leadId, waitingSince });
    this.#state.isOverdueReported = true;
  }

  /**
   * Completes the enrichment with what is known (spec section 1): nothing waits for a write-back or a grace any more.
   */
  #release(): void {
    this.#state.lead = release(this.#state.lead);
  }

  /** Something is unsettled or awaited: the run must not close, however long it takes. */
  #isWaiting(): boolean {
    return !this.#lanes.isEmpty || isAwaiting(this.#state.lead);
  }

  #isFinished(): boolean {
    return this.#state.inbox.length === 0 && !this.#isWaiting() && Date.now() >= idleAt(this.#state);
  }

  /** True when the run may end: its state is kept, and nothing came while that was done. */
  async #close(): Promise<boolean> {
    if (!this.#state.isFresh && !this.#state.isErased)
      await storeLead.executeWithOptions({ summary: 'keeps the state for a later step' }, [
        { subject: this.#subject, kept: { lead: this.#state.lead, appliedIds: this.#state.appliedIds } },
      ]);
    await this.#leaveTheLocalActivitysTask();
    if (!this.#isFinished()) return false;
    this.#view.close(this.#state.isErased ? 'erased' : 'complete');
    return true;
  }

  async #continue(): Promise<never> {
    await this.#reporting;
    // What the next run starts with has to fit into one payload, so only few unread steps may go along.
    do {
      while (unreadSize(this.#state) > maxCarriedSize) await this.#act();
      await this.#leaveTheLocalActivitysTask();
    } while (unreadSize(this.#state) > maxCarriedSize);
    await condition(allHandlersFinished);
    const { organizationId, leadId } = this.#state.lead;
    return continueAsNew<typeof lead>({ organizationId, leadId, carried: this.#state });
  }

  /**
   * A workflow that closes in the very task in which a local activity ran, while a signal arrives, loses the activity's
   * marker and runs it again: the request would go out twice. A timer puts a task in between.
   */
  async #leaveTheLocalActivitysTask(): Promise<void> {
    await sleep('1s', { summary: 'leaves the task of a local activity before the run ends' });
  }

  #markAbandoned(): void {
    if (this.#state.hasAbandoned) return;
    this.#state.hasAbandoned = true;
    this.#view.markAbandoned();
  }
}
