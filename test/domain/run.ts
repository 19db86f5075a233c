import { dueEvents, graceRunsUntil, markEmitted, withGrace } from '../../src/domain/gate.ts';
import type { LeadEventType, LeadStep } from '../../src/domain/lead.ts';
import { applyStep, type LeadState, newLeadState, type StepOutcome } from '../../src/domain/lead-state.ts';
import { leadId, organizationId } from './steps.ts';

export const addressGraceMs = 5_000;

/** A lead's run without an engine: takes steps in, lets time pass, and emits what the gate gives. */
export class Run {
  state: LeadState = newLeadState(organizationId, leadId);
  now = Date.UTC(2026, 0, 2);
  readonly emitted: LeadEventType[] = [];
  readonly outcomes: StepOutcome[] = [];

  take(...steps: LeadStep[]): this {
    for (const step of steps) {
      const { state, outcome } = applyStep(this.state, step);
      this.state = state;
      this.outcomes.push(outcome);
      this.#act();
    }
    return this;
  }

  pass(milliseconds: number): this {
    this.now += milliseconds;
    this.#act();
    return this;
  }

  /** Lets pass whatever the lead waits for by itself. */
  settle(): this {
    const until = graceRunsUntil(this.state);
    return until === null ? this : this.pass(Math.max(0, until - this.now));
  }

  #act(): void {
    this.state = withGrace(this.state, this.now, addressGraceMs);
    const due = dueEvents(this.state, this.now);
    this.emitted.push(...due);
    this.state = markEmitted(this.state, Object.fromEntries(due.map((type) => [type, `id of ${type}`])));
  }
}
