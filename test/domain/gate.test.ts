import { describe, expect, test } from '@jest/globals';
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
} from '../../src/domain/gate.ts';
import { applyStep, newLeadState } from '../../src/domain/lead-state.ts';
import { addressGraceMs, Run } from './run.ts';
import {
  addressStep,
  contactStep,
  detailsStep,
  leadId,
  organizationId,
  personalAndEnrichedStep,
  personalStep,
  reportStep,
} from './steps.ts';

const fourGroups = () => reportStep().facts;

describe('lead.enriched needs the personal step and the write-back, in either order', () => {
  test.each([
    ['personal, then report', [personalStep(), reportStep()]],
    ['report, then personal', [reportStep(), personalStep()]],
    ['one update that carries both', [personalAndEnrichedStep()]],
    ['a contact update that carries both', [contactStep({ facts: fourGroups() })]],
    ['a contact update and a report', [contactStep(), reportStep()]],
    [
      'a details update that carries personalInfo, and a report',
      [detailsStep({ facts: { ...personalStep().facts } }), reportStep()],
    ],
  ])('%s', (_name, steps) => {
    expect(new Run().take(addressStep(), ...steps).emitted).toContain('lead.enriched');
  });

  test.each([
    ['only the personal step', [personalStep()]],
    ['only the report', [reportStep()]],
    [
      'a report that carries personalInfo: it is no personal step',
      [reportStep({ facts: { ...personalStep().facts } })],
    ],
    [
      'an update that carries three of the four groups',
      [personalStep({ facts: { property: {}, roof_estimate: {}, scores: {} } })],
    ],
  ])('%s is not enough', (_name, steps) => {
    expect(new Run().take(addressStep(), ...steps).settle().emitted).toEqual(['lead.address_preview']);
  });

  test('a report with one group is a write-back', () => {
    const report = { ...reportStep(), facts: { scores: { elevate_score: 3 } } };
    expect(new Run().take(addressStep(), personalStep(), report).emitted).toContain('lead.enriched');
  });
});

describe('the address grace', () => {
  test('starts when lead.enriched is otherwise due and no address step was seen, and then the lead goes on', () => {
    const run = new Run().take(personalAndEnrichedStep());
    expect(run.emitted).toEqual([]);
    expect(graceRunsUntil(run.state)).toBe(run.now + addressGraceMs);
    expect(run.pass(addressGraceMs - 1).emitted).toEqual([]);
    expect(run.pass(1).emitted).toEqual(['lead.enriched']);
  });

  test('ends with the address step', () => {
    const run = new Run().take(personalAndEnrichedStep()).pass(1_000).take(addressStep());
    expect(run.emitted).toEqual(['lead.address_preview', 'lead.enriched']);
    expect(graceRunsUntil(run.state)).toBeNull();
  });

  test('is begun once: what comes meanwhile does not prolong it', () => {
    const run = new Run().take(personalAndEnrichedStep()).pass(3_000).take(contactStep()).pass(2_000);
    expect(run.emitted).toEqual(['lead.enriched', 'lead.contact_requested']);
  });

  test('does not start while the enrichment is missing', () => {
    const state = applyStep(newLeadState(organizationId, leadId), personalStep()).state;
    expect(withGrace(state, 0, addressGraceMs)).toBe(state);
  });

  test('does not start when an address step was seen', () => {
    expect(new Run().take(addressStep(), personalAndEnrichedStep()).state.graceEndsAt).toBeNull();
  });

  test('of no length at all lets the lead go on at once', () => {
    const { state } = applyStep(newLeadState(organizationId, leadId), personalAndEnrichedStep());
    expect(dueEvents(withGrace(state, 7, 0), 7)).toEqual(['lead.enriched']);
  });
});

describe('the preview', () => {
  test('comes of an address step that arrives late, as long as lead.enriched was not emitted', () => {
    expect(new Run().take(detailsStep(), personalStep(), addressStep()).emitted).toEqual(['lead.address_preview']);
  });

  test('is never emitted after lead.enriched', () => {
    const run = new Run().take(personalAndEnrichedStep()).settle().take(addressStep(), addressStep());
    expect(run.emitted).toEqual(['lead.enriched']);
    expect(run.outcomes.slice(1)).toEqual(['superseded', 'superseded']);
  });

  test('is not emitted for a lead that was never inserted', () => {
    expect(new Run().take(detailsStep()).emitted).toEqual([]);
  });
});

describe('the rental alert', () => {
  const report = (owner_occupied?: boolean) =>
    reportStep({ facts: { property: owner_occupied === undefined ? {} : { owner_occupied } } });

  test.each([
    [false, ['lead.enriched', 'lead.rental_alert']],
    [true, ['lead.enriched']],
    [undefined, ['lead.enriched']],
  ])('ownerOccupied %s emits %j', (ownerOccupied, expected) => {
    const run = new Run().take(addressStep(), personalStep(), report(ownerOccupied));
    expect(run.emitted.slice(1)).toEqual(expected);
  });

  test('is decided when lead.enriched is emitted, and never later', () => {
    const run = new Run().take(addressStep(), personalStep(), report(true), report(false));
    expect(run.emitted).not.toContain('lead.rental_alert');
  });

  test('goes by the merged facts, whichever step told', () => {
    const run = new Run().take(
      addressStep({ facts: { property: { owner_occupied: false } } }),
      personalStep(),
      report(),
    );
    expect(run.emitted).toEqual(['lead.address_preview', 'lead.enriched', 'lead.rental_alert']);
  });
});

describe('contact asked for, enrichment not there', () => {
  test('waits, and goes out after lead.enriched', () => {
    const run = new Run().take(addressStep(), contactStep());
    expect(run.emitted).toEqual(['lead.address_preview']);
    expect(isAwaiting(run.state)).toBe(true);
    expect(run.take(reportStep()).emitted).toEqual(['lead.address_preview', 'lead.enriched', 'lead.contact_requested']);
    expect(isAwaiting(run.state)).toBe(false);
  });

  test('the deadline runs from the first personal or contact step without write-back', () => {
    const state = applyStep(newLeadState(organizationId, leadId), personalStep()).state;
    const waiting = withEnrichmentDeadline(state, 1_000, 500);
    expect(waiting.enrichmentDueAt).toBe(1_500);
    const asked = applyStep(waiting, contactStep()).state;
    expect(withEnrichmentDeadline(asked, 1_400, 500).enrichmentDueAt).toBe(1_500);
    expect(awaitsEnrichment(asked)).toBe(true);
    expect(awaitsEnrichment(applyStep(asked, reportStep()).state)).toBe(false);
  });

  test.each([
    ['nothing was said yet', []],
    ['only an address is known', [addressStep()]],
    ['the write-back came first', [reportStep(), personalStep()]],
    ['only the write-back came', [reportStep()]],
  ])('no deadline runs while %s', (_name, steps) => {
    expect(withEnrichmentDeadline(new Run().take(...steps).state, 0, 1).enrichmentDueAt).toBeNull();
  });
});

describe('the operator completes the enrichment', () => {
  test.each([
    ['nothing at all', [], ['address', 'personalInfo']],
    ['an address step', [addressStep()], ['personalInfo']],
    [
      'a report that names the person',
      [reportStep({ facts: { ...personalStep().facts, address: undefined } as never })],
      ['address'],
    ],
    ['a contact step', [contactStep()], []],
  ])('known is %s: missing %j', (_name, steps, missing) => {
    expect(releaseBlockers(new Run().take(...steps).state)).toEqual(missing);
  });

  test('lead.enriched goes out without a grace, then the contact event', () => {
    const run = new Run().take(contactStep());
    run.state = release(run.state);
    expect(run.pass(0).emitted).toEqual(['lead.enriched', 'lead.contact_requested']);
    expect(isAwaiting(run.state)).toBe(false);
  });

  test('a release is awaited and begins no grace, also when only the write-back told of the person', () => {
    const { address, contact } = personalStep().facts;
    const told = reportStep({ facts: { ...(address && { address }), ...(contact && { contact }) } });
    const state = release(new Run().take(told).state);
    expect(releaseBlockers(state)).toEqual([]);
    expect(isAwaiting(state)).toBe(true);
    expect(withGrace(state, 0, addressGraceMs)).toBe(state);
    expect(dueEvents(state, 0)).toEqual(['lead.enriched']);
  });

  test('a write-back afterwards is superseded, and its facts still merge', () => {
    const run = new Run().take(addressStep(), personalStep());
    run.state = release(run.state);
    run.pass(0).take(reportStep({ facts: { property: { owner_occupied: false } } }));
    expect(run.emitted).toEqual(['lead.address_preview', 'lead.enriched']);
    expect(run.outcomes.at(-1)).toBe('superseded');
    expect(run.state.facts.property?.owner_occupied).toBe(false);
  });

  test('a release with the preview still due sends that first', () => {
    const state = release(
      applyStep(applyStep(newLeadState(organizationId, leadId), addressStep()).state, personalStep()).state,
    );
    expect(dueEvents(state, 0)).toEqual(['lead.address_preview', 'lead.enriched']);
  });
});

describe('what was emitted', () => {
  test('is not due again, and keeps its first event id', () => {
    const { state } = applyStep(newLeadState(organizationId, leadId), addressStep());
    const first = markEmitted(state, { 'lead.address_preview': 'a' });
    expect(dueEvents(first, 0)).toEqual([]);
    expect(markEmitted(first, { 'lead.address_preview': 'b' }).emitted).toEqual({ 'lead.address_preview': 'a' });
    expect(state.emitted).toEqual({});
  });

  test('every status twice emits every event once', () => {
    const steps = () => [addressStep(), detailsStep(), personalAndEnrichedStep(), contactStep()];
    expect(new Run().take(...steps(), ...steps()).emitted).toEqual([
      'lead.address_preview',
      'lead.enriched',
      'lead.contact_requested',
    ]);
  });
});
