import { describe, expect, test } from '@jest/globals';
import { markEmitted } from '../../src/domain/gate.ts';
import { applyStep, newLeadState, stageOf } from '../../src/domain/lead-state.ts';
import { Run } from './run.ts';
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

describe('stageOf', () => {
  test.each([
    ['nothing', [], 'new'],
    ['a report only', [reportStep()], 'new'],
    ['an address step', [addressStep()], 'waiting_for_details'],
    ['a details step only', [detailsStep()], 'waiting_for_details'],
    ['the person, no enrichment', [addressStep(), personalStep()], 'waiting_for_enrichment'],
    ['contact asked for, no enrichment', [addressStep(), contactStep()], 'waiting_for_enrichment'],
    ['the grace running', [personalAndEnrichedStep()], 'waiting_for_enrichment'],
    ['lead.enriched emitted', [addressStep(), personalAndEnrichedStep()], 'enriched'],
    ['all emitted', [addressStep(), personalAndEnrichedStep(), contactStep()], 'contact_requested'],
  ])('%s', (_name, steps, stage) => {
    expect(stageOf(new Run().take(...steps).state)).toBe(stage);
  });
});

describe('applyStep', () => {
  test('leadStatus is the furthest seen, not the last', () => {
    expect(new Run().take(contactStep(), detailsStep(), addressStep()).state.leadStatus).toBe('contact_info_provided');
  });

  test('a report leaves leadStatus as it is', () => {
    expect(new Run().take(addressStep(), reportStep()).state.leadStatus).toBe('address_info_provided');
  });

  test("a lead's mode is its first event's; an event of the other mode is ignored and changes nothing", () => {
    const run = new Run().take(addressStep({ mode: 'sandbox' }));
    const before = run.state;
    const { state, outcome } = applyStep(before, personalAndEnrichedStep({ mode: 'prod' }));
    expect(outcome).toBe('ignored');
    expect(state).toBe(before);
    expect(state.mode).toBe('sandbox');
  });

  test('lead.created is an address step at any status, and the step of its status as well', () => {
    const { state } = applyStep(newLeadState(organizationId, leadId), contactStep({ event: 'lead.created' }));
    expect(state.seen).toEqual({ address: true, personal: true, contact: true });
  });

  test('an update of status address_info_provided is an address step', () => {
    const { state } = applyStep(newLeadState(organizationId, leadId), addressStep({ event: 'lead.updated' }));
    expect(state.seen).toEqual({ address: true });
  });

  const enriched = () =>
    markEmitted(new Run().take(addressStep(), personalStep()).state, {
      'lead.enriched': 'e',
      'lead.address_preview': 'p',
    });
  test.each([
    ['an address step', 'superseded', addressStep()],
    ['an insert at a later status', 'superseded', detailsStep({ event: 'lead.created' })],
    ['a report', 'superseded', reportStep()],
    ['a personal update with all four groups', 'superseded', personalAndEnrichedStep()],
    ['a personal update without them', 'applied', personalStep()],
    ['a details step', 'applied', detailsStep()],
    ['a contact step', 'applied', contactStep()],
    ['an insert at contact_info_provided', 'applied', contactStep({ event: 'lead.created' })],
    ['a contact step with all four groups', 'applied', contactStep({ facts: reportStep().facts })],
  ])('after lead.enriched %s is %s', (_name, outcome, step) => {
    expect(applyStep(enriched(), step).outcome).toBe(outcome);
  });

  test('before lead.enriched nothing is superseded, however often it comes', () => {
    const run = new Run().take(addressStep(), addressStep(), reportStep(), reportStep());
    expect(run.outcomes).toEqual(['applied', 'applied', 'applied', 'applied']);
  });

  test('the state is plain JSON', () => {
    const { state } = new Run().take(addressStep(), personalAndEnrichedStep(), contactStep());
    expect(JSON.parse(JSON.stringify(state))).toStrictEqual(state);
  });
});
