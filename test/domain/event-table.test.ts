import { describe, expect, test } from '@jest/globals';
import { availability, eventNames, leadStatusOf, subscribedEvents } from '../../src/domain/event-table.ts';
import type { EventType, LeadEventType, LeadStatus } from '../../src/domain/lead.ts';
import { applyWidgetStep, type WidgetState } from '../../src/domain/widget-state.ts';
import { Run } from './run.ts';
import { addressStep, contactStep, detailsStep, personalAndEnrichedStep, personalStep, reportStep } from './steps.ts';

const rental = { facts: { property: { owner_occupied: false } } };

/** Spec section 1, row by row: what came before, what comes, and what is emitted because of it. */
describe('the event table', () => {
  const rows = [
    {
      inbound: 'lead.created',
      leadStatus: 'address_info_provided',
      given: [],
      step: addressStep(),
      emits: ['lead.address_preview'],
    },
    {
      inbound: 'lead.updated',
      leadStatus: 'project_details_provided',
      given: [addressStep()],
      step: detailsStep(),
      emits: [],
    },
    {
      inbound: 'lead.updated',
      leadStatus: 'personal_info_and_estimate_provided',
      given: [addressStep(), reportStep()],
      step: personalStep(),
      emits: ['lead.enriched'],
    },
    {
      inbound: 'lead.updated',
      leadStatus: 'personal_info_and_estimate_provided and ownerOccupied = false',
      given: [addressStep()],
      step: personalAndEnrichedStep({ facts: { ...personalAndEnrichedStep().facts, ...rental.facts } }),
      emits: ['lead.enriched', 'lead.rental_alert'],
    },
    {
      inbound: 'lead.updated',
      leadStatus: 'contact_info_provided',
      given: [addressStep(), personalAndEnrichedStep()],
      step: contactStep(),
      emits: ['lead.contact_requested'],
    },
  ];

  test.each(rows)('$inbound, $leadStatus: $emits', ({ given, step, emits }) => {
    const run = new Run().take(...given);
    const before = run.emitted.length;
    expect(run.take(step).emitted.slice(before)).toEqual(emits);
  });

  test('widget.updated, n/a: widget.status_changed when the status changed', () => {
    const known: WidgetState = {
      version: 1,
      widgetId: '33333333-3333-4333-8333-333333333333',
      organizationId: null,
      status: 'active',
      lastOccurredAt: null,
    };
    const step = {
      id: '44444444-4444-4444-8444-444444444444',
      fingerprint: '',
      event: 'widget.updated' as const,
      occurredAt: 1,
      mode: 'prod' as const,
      status: 'inactive' as const,
      changedBy: 'admin' as const,
    };
    expect(applyWidgetStep(known, step).change).toEqual({
      previousStatus: 'active',
      status: 'inactive',
      changedBy: 'admin',
    });
  });

  test.each<[EventType, 'optional' | 'required']>([
    ['lead.address_preview', 'optional'],
    ['lead.enriched', 'required'],
    ['lead.rental_alert', 'optional'],
    ['lead.contact_requested', 'optional'],
    ['widget.status_changed', 'optional'],
  ])('%s is %s', (type, expected) => {
    expect(availability[type]).toBe(expected);
  });

  test.each<[LeadEventType, LeadStatus]>([
    ['lead.address_preview', 'address_info_provided'],
    ['lead.enriched', 'personal_info_and_estimate_provided'],
    ['lead.rental_alert', 'personal_info_and_estimate_provided'],
    ['lead.contact_requested', 'contact_info_provided'],
  ])('%s names the status %s', (type, status) => {
    expect(leadStatusOf[type]).toBe(status);
  });
});

describe('a subscription', () => {
  test('without lead.enriched has it all the same', () => {
    expect(subscribedEvents([])).toEqual(['lead.enriched']);
    expect(subscribedEvents(['lead.contact_requested', 'lead.address_preview'])).toEqual([
      'lead.address_preview',
      'lead.enriched',
      'lead.contact_requested',
    ]);
  });

  test('has each event once, in the order of the table', () => {
    expect(subscribedEvents([...eventNames, ...eventNames].reverse())).toEqual(eventNames);
  });
});
