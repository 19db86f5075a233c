import { expect, test } from '@jest/globals';
import { meaningOf } from '../../src/domain/event-table.ts';
import { stepOf } from '../../src/domain/step-words.ts';
import { addressStep, contactStep, detailsStep, personalAndEnrichedStep, personalStep, reportStep } from './steps.ts';

test.each([
  ['address', addressStep()],
  ['details', detailsStep()],
  ['personal', personalStep()],
  // What it carries is not in the ledger.
  ['personal', personalAndEnrichedStep()],
  ['contact', contactStep()],
  ['enrichment', reportStep()],
] as const)('the step %s is told by event and status, as the event table reads it', (step, given) => {
  expect(stepOf(given.event, given.lead_status ?? null)).toBe(step);
  expect(meaningOf(given)[step]).toBe(true);
});

test('a write-back is one whatever status it names, and an event without a status tells nothing', () => {
  expect(stepOf('lead.enrichment_completed', 'address_info_provided')).toBe('enrichment');
  expect(stepOf('lead.updated', null)).toBeNull();
});
