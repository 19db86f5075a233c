import { describe, expect, test } from '@jest/globals';
import { widgetSubject } from '../../src/domain/ids.ts';
import { aLead, type InboundEvent, type LeadEvents } from '../support/lead-events.ts';
import { settled, stepsOf } from '../support/ledger.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type ReceivedRequest } from '../support/receiver.ts';
import { verifySignatures } from '../support/signatures.ts';
import { aRegisteredWidget, aWidget } from '../support/widget-events.ts';
import { partnerOfFile } from './partner-of-file.ts';

const at = partnerOfFile({ addressGraceMs: 60_000 });

const dataOf = ({ json }: ReceivedRequest): Record<string, unknown> => (json as { data: Record<string, unknown> }).data;

async function publish(lead: LeadEvents, ...events: InboundEvent[]): Promise<void> {
  await at.service.deps.client.publishMany(events);
  await settled(at.service.deps, lead, events.length);
}

describe('source tracking', () => {
  const whole = { sourceTracking: { source: '03', version: '02' } };
  const cases: [string, string, object, object][] = [
    ['premium', 'the widget and its source', whole, ['02', 'New Spark 02', '03', 'Instagram']],
    ['ultimate', 'the widget and its source', whole, ['02', 'New Spark 02', '03', 'Instagram']],
    ['starter', 'always the primary widget, and the source', whole, ['01', 'Primary', '03', 'Instagram']],
    ['premium', 'nothing given', {}, ['01', 'Primary', '01', 'Website']],
    ['starter', 'nothing given', {}, ['01', 'Primary', '01', 'Website']],
    ['ultimate', 'unknown codes', { sourceTracking: { source: '09', version: '07' } }, ['07', '07', '09', '09']],
  ];

  test.each(cases)('tier %s, %s', async (tier, _case, source, expected) => {
    const id = await anOrganization(at.service.deps, tier);
    await anEndpoint(at.service.deps, id, at.receiver.url);
    const widgetId = await aRegisteredWidget(at.service.deps, id);
    const lead = aLead(id, { source });
    await publish(lead, lead.created(), lead.personal({ enriched: true }), lead.contact());
    const sent = at.receiver.requests.map(dataOf);
    expect(sent).toHaveLength(4);
    for (const { widget_version, widget_reference_id, source_tracking } of sent) {
      const tracking = source_tracking as Record<string, string>;
      expect(Object.keys(tracking)).toEqual(['widget_version', 'widget_name', 'source_code', 'source_label']);
      expect(Object.values(tracking)).toEqual(expected);
      expect(widget_version).toBe(tracking.widget_version);
      expect(widget_reference_id).toBe(source === whole ? widgetId : undefined);
    }
  });

  test('widgetReferenceId wins where it and the version disagree', async () => {
    await aRegisteredWidget(at.service.deps, at.organization, { version: '05', name: 'Other' });
    const widgetId = await aRegisteredWidget(at.service.deps, at.organization);
    const lead = aLead(at.organization, {
      source: { widgetReferenceId: widgetId, sourceTracking: { source: '03', version: '05' } },
    });
    await publish(lead, lead.created());
    expect(at.receiver.eventNames()).toEqual(['lead.address_preview']);
    const data = dataOf(at.receiver.requests[0] as ReceivedRequest);
    expect(data.widget_reference_id).toBe(widgetId);
    expect(data.source_tracking).toEqual({
      widget_version: '02',
      widget_name: 'New Spark 02',
      source_code: '03',
      source_label: 'Instagram',
    });
  });
});

describe('widgets', () => {
  const applied = (widgetId: string, count: number) =>
    eventually(async () => {
      const steps = await stepsOf(at.service.deps, widgetSubject(widgetId));
      expect(steps.filter(({ outcome }) => outcome !== 'accepted')).toHaveLength(count);
      return steps.map(({ outcome }) => outcome);
    });

  test('widget.updated with a changed status: widget.status_changed, signed', async () => {
    const widgetId = await aRegisteredWidget(at.service.deps, at.organization);
    const widget = aWidget(undefined, widgetId);
    await at.service.deps.client.publish(
      widget.updated('inactive', { previous: 'active', object: { changedBy: 'admin' } }),
    );
    const request = await eventually(() => {
      expect(at.receiver.requests).toHaveLength(1);
      return at.receiver.requests[0] as ReceivedRequest;
    });
    expect(request.json).toEqual({
      event: 'widget.status_changed',
      event_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      timestamp: expect.any(String),
      organization_id: at.organization,
      data: {
        widget: { widget_ref_id: widgetId, widget_name: 'New Spark 02', widget_version: '02' },
        widget_status: 'inactive',
        previous_status: 'active',
        changed_by: 'admin',
      },
    });
    verifySignatures(at.endpoint.secret, request);
    expect(request.headers['x-spark360-sequence']).toBe('1');
  });

  test('created registers, the same status emits nothing, each change is one event, in order', async () => {
    const widget = aWidget(at.organization);
    await at.service.deps.client.publishMany([
      widget.created('active'),
      widget.updated('active'),
      widget.updated('inactive'),
      widget.updated('active'),
      widget.updated('active'),
      widget.updated('inactive', { object: { changedBy: 'admin' } }),
    ]);
    await applied(widget.widgetId, 6);
    await eventually(() => expect(at.receiver.requests).toHaveLength(3));
    expect(
      at.receiver.requests.map(dataOf).map((data) => [data.previous_status, data.widget_status, data.changed_by]),
    ).toEqual([
      ['active', 'inactive', 'system'],
      ['inactive', 'active', 'system'],
      ['active', 'inactive', 'admin'],
    ]);
    expect(at.receiver.requests.map(({ headers }) => headers['x-spark360-sequence'])).toEqual(['1', '2', '3']);
  });

  test('nothing known of it before: a baseline, no event', async () => {
    const widget = aWidget(at.organization);
    await at.service.deps.client.publish(widget.updated('inactive'));
    await applied(widget.widgetId, 1);
    expect(at.receiver.requests).toHaveLength(0);
  });

  test('an event older than the last applied is superseded', async () => {
    const widget = aWidget(at.organization);
    await at.service.deps.client.publish(widget.created('active'));
    await at.service.deps.client.publish(widget.updated('inactive', { at: Date.now() }));
    await at.service.deps.client.publish(widget.updated('active', { at: Date.now() - 30_000, previous: 'inactive' }));
    expect(await applied(widget.widgetId, 3)).toEqual(['applied', 'applied', 'superseded']);
    expect(at.receiver.requests.map(dataOf).map((data) => data.widget_status)).toEqual(['inactive']);
  });

  test('the same inbound id twice is one event', async () => {
    const widget = aWidget(at.organization);
    const change = widget.updated('inactive', { previous: 'active' });
    await at.service.deps.client.publishMany([change, change, change]);
    await eventually(async () => {
      const state = await at.service.deps.temporal.workflow.getHandle(widgetSubject(widget.widgetId)).query('state');
      expect(state).toMatchObject({ unreadSteps: 0, organizationId: at.organization });
    });
    await eventually(() => expect(at.receiver.requests).toHaveLength(1));
  });
});
