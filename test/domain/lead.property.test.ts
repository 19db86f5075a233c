import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dueEvents, isAwaiting } from '../../src/domain/gate.ts';
import { leadEventTypes, type LeadStep } from '../../src/domain/lead.ts';
import { applyStep, newLeadState, stageOf } from '../../src/domain/lead-state.ts';
import { addressGraceMs, Run } from './run.ts';
import {
  addressStep,
  contactStep,
  deepFreeze,
  detailsStep,
  leadId,
  organizationId,
  personalAndEnrichedStep,
  personalStep,
  reportStep,
} from './steps.ts';

/** Every kind of step, each with a time of its own. */
const journey: readonly LeadStep[] = [
  addressStep({ facts: { source_tracking: { source: '03', version: '02' } } }),
  detailsStep({ facts: { widget_reference_id: 'w1' } }),
  personalStep({ facts: { source_tracking: { source: '04' } } }),
  reportStep({ facts: { property: { owner_occupied: false, county: 'Cook' } } }),
  personalAndEnrichedStep({
    facts: { widget_reference_id: 'w2', insights: { hacks: [{ text: 'x', actionable: true }] } },
  }),
  contactStep({ facts: { contact: { first_name: 'Eve', last_name: 'B', email: 'e@b.c', contact_consent: false } } }),
  reportStep({ facts: { property: { owner_occupied: true } } }),
  addressStep({ event: 'lead.updated' }),
];

/** Any order, with copies and with losses; between the steps time passes. */
const disorder = fc.array(
  fc.record({ step: fc.constantFrom(...journey), pass: fc.integer({ min: 0, max: 2 * addressGraceMs }) }),
  { maxLength: 16 },
);

const shuffled = fc.shuffledSubarray([...journey], { minLength: journey.length });

function runOf(moments: { step: LeadStep; pass: number }[]): Run {
  const run = new Run();
  for (const { step, pass } of moments) run.take(step).pass(pass);
  return run.settle();
}

const before = (run: Run, earlier: string, later: string): boolean => {
  const types: string[] = run.emitted;
  return !types.includes(later) || !types.includes(earlier) || types.indexOf(earlier) < types.indexOf(later);
};

describe('whatever comes, in whatever order, how often, and whatever is lost', () => {
  test('each event is emitted at most once, and in the order of the table', () => {
    fc.assert(
      fc.property(disorder, (moments) => {
        const run = runOf(moments);
        expect(new Set(run.emitted).size).toBe(run.emitted.length);
        for (const [at, type] of leadEventTypes.entries()) {
          for (const later of leadEventTypes.slice(at + 1)) expect(before(run, type, later)).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('the rental alert and the contact event never go without lead.enriched, the alert in one go with it', () => {
    fc.assert(
      fc.property(disorder, (moments) => {
        const { emitted } = runOf(moments);
        const enriched = emitted.indexOf('lead.enriched');
        if (enriched < 0) expect(emitted.filter((type) => type !== 'lead.address_preview')).toEqual([]);
        if (emitted.includes('lead.rental_alert')) expect(emitted[enriched + 1]).toBe('lead.rental_alert');
      }),
      { numRuns: 1_000 },
    );
  });

  test('what can be emitted is emitted: the person and a write-back give lead.enriched, and contact its event', () => {
    fc.assert(
      fc.property(disorder, (moments) => {
        const run = runOf(moments);
        const { seen } = run.state;
        expect(run.emitted.includes('lead.enriched')).toBe(Boolean(seen.personal && seen.enrichment));
        expect(run.emitted.includes('lead.contact_requested')).toBe(Boolean(seen.contact && seen.enrichment));
        expect(isAwaiting(run.state)).toBe(Boolean(seen.personal && !seen.enrichment));
        expect(dueEvents(run.state, run.now + 10 * addressGraceMs)).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  test('the whole journey ends with every event but the preview, however it is shuffled', () => {
    fc.assert(
      fc.property(shuffled, fc.array(fc.nat(2 * addressGraceMs)), (steps, passes) => {
        const run = runOf(steps.map((step, at) => ({ step, pass: passes[at] ?? 0 })));
        expect(run.emitted).toEqual(expect.arrayContaining(['lead.enriched', 'lead.contact_requested']));
        expect(stageOf(run.state)).toBe('contact_requested');
      }),
    );
  });
});

describe('the merged state', () => {
  test('does not depend on the order in which steps of distinct times arrive', () => {
    const merge = (steps: readonly LeadStep[]) =>
      steps.reduce((state, step) => applyStep(state, step).state, newLeadState(organizationId, leadId));
    const inOrder = merge(journey);
    fc.assert(
      fc.property(shuffled, fc.nat(journey.length), (steps, copies) => {
        expect(merge([...steps, ...steps.slice(0, copies)])).toEqual(inOrder);
      }),
    );
  });
});

describe('applyStep', () => {
  test('never changes its argument, and applied again changes nothing', () => {
    fc.assert(
      fc.property(disorder, fc.constantFrom(...journey), (moments, step) => {
        const { state } = deepFreeze(runOf(moments));
        const once = deepFreeze(applyStep(state, deepFreeze(structuredClone(step))).state);
        expect(applyStep(once, step).state).toEqual(once);
      }),
    );
  });
});
