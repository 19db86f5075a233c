import { describe, expect, test } from '@jest/globals';
import type { WidgetStatus, WidgetStep } from '../../src/domain/lead.ts';
import { applyWidgetStep, type WidgetState } from '../../src/domain/widget-state.ts';
import { deepFreeze } from './steps.ts';

const widgetId = '33333333-3333-4333-8333-333333333333';
const organizationId = '11111111-1111-4111-8111-111111111111';

const step = (status: WidgetStatus, given: Partial<WidgetStep> = {}): WidgetStep => ({
  id: '44444444-4444-4444-8444-444444444444',
  fingerprint: '',
  event: 'widget.updated',
  occurredAt: 1_000,
  mode: 'prod',
  status,
  changedBy: 'system',
  ...given,
});

const known = (given: Partial<WidgetState> = {}): WidgetState =>
  deepFreeze({ version: 1, widgetId, organizationId: null, status: 'active', lastOccurredAt: null, ...given });

const change = (previousStatus: WidgetStatus, status: WidgetStatus, changedBy = 'system') => ({
  previousStatus,
  status,
  changedBy,
});

describe('what a widget event emits', () => {
  test.each([
    ['the last status known tells the change', known(), step('inactive'), change('active', 'inactive')],
    [
      'previousObject tells the change',
      known({ status: null }),
      step('active', { previousStatus: 'inactive' }),
      change('inactive', 'active'),
    ],
    [
      'previousObject wins over what is known',
      known(),
      step('active', { previousStatus: 'inactive' }),
      change('inactive', 'active'),
    ],
    ['who changed it', known(), step('inactive', { changedBy: 'admin' }), change('active', 'inactive', 'admin')],
    ['nothing known: a baseline, no event', known({ status: null }), step('inactive'), null],
    ['the status did not change', known(), step('active'), null],
    ['previousObject says that it did not change', known(), step('inactive', { previousStatus: 'inactive' }), null],
    ['widget.created registers only', known(), step('inactive', { event: 'widget.created' }), null],
  ])('%s', (_name, state, given, expected) => {
    const result = applyWidgetStep(state, given);
    expect(result.change).toEqual(expected);
    expect(result.outcome).toBe('applied');
    expect(result.state).toMatchObject({ status: given.status, lastOccurredAt: given.occurredAt });
  });
});

describe('the order is by inbound time', () => {
  const state = known({ lastOccurredAt: 1_000 });

  test('what is older than the last applied is superseded and changes nothing', () => {
    expect(applyWidgetStep(state, step('inactive', { occurredAt: 999 }))).toEqual({
      state,
      outcome: 'superseded',
      change: null,
    });
  });

  test('what is of the same time is applied', () => {
    expect(applyWidgetStep(state, step('inactive')).outcome).toBe('applied');
  });

  test('a late widget.created does not set the status back', () => {
    const late = step('inactive', { event: 'widget.created', occurredAt: 1 });
    expect(applyWidgetStep(state, late).state.status).toBe('active');
  });
});

test('the organization is the one the event names, else the one known', () => {
  expect(applyWidgetStep(known(), step('inactive', { organizationId })).state.organizationId).toBe(organizationId);
  expect(applyWidgetStep(known({ organizationId }), step('inactive')).state.organizationId).toBe(organizationId);
});

test('a change, a baseline, and a change back', () => {
  const first = applyWidgetStep(known({ status: null }), step('active', { event: 'widget.created' }));
  const second = applyWidgetStep(first.state, step('inactive', { occurredAt: 2_000 }));
  const third = applyWidgetStep(second.state, step('active', { occurredAt: 3_000 }));
  expect([first, second, third].map((result) => result.change)).toEqual([
    null,
    change('active', 'inactive'),
    change('inactive', 'active'),
  ]);
});
