import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { newLeadState } from '../../src/domain/lead-state.ts';
import { applyStep } from '../../src/domain/lead-state.ts';
import { leadEventTypes } from '../../src/domain/lead.ts';
import { envelope, leadEventData } from '../../src/domain/payloads.ts';
import { inboundEvent } from '../../src/schemas/inbound-events.ts';
import { parseInbound } from '../../src/schemas/inbound.ts';
import { eventTypes, outboundSchemas } from '../../src/schemas/outbound.ts';
import { enrichedGroups } from '../support/lead-facts.ts';
import { aLeadEvent, inboundId, leadId, organizationId } from './events.ts';

/** Unknown fields are stripped when parsed: what comes out as it went in has no field that is not documented. */
const isDocumented = (schema: z.ZodType, body: unknown) => expect(schema.parse(body)).toStrictEqual(body);

describe('the event types', () => {
  test('are those of the table, in its order', () => {
    expect(eventTypes.map(({ event, availability, leadStatus }) => [event, availability, leadStatus])).toEqual([
      ['lead.address_preview', 'optional', 'address_info_provided'],
      ['lead.enriched', 'required', 'personal_info_and_estimate_provided'],
      ['lead.rental_alert', 'optional', 'personal_info_and_estimate_provided'],
      ['lead.contact_requested', 'optional', 'contact_info_provided'],
      ['widget.status_changed', 'optional', null],
    ]);
  });

  test.each(eventTypes)(
    '$event has an example that fits its schema, and says what it is',
    ({ event, schema, example, description }) => {
      isDocumented(schema, example);
      expect(example).toMatchObject({ event });
      expect(JSON.stringify(example)).not.toContain('null');
      expect(description).not.toBe('');
    },
  );

  test.each(eventTypes)('$event has a JSON Schema of its own that stays open to new fields', ({ jsonSchema }) => {
    const text = JSON.stringify(jsonSchema);
    expect(jsonSchema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(text).not.toContain('additionalProperties');
    for (const [, name] of text.matchAll(/"#\/\$defs\/(\w+)"/g)) expect(jsonSchema.$defs).toHaveProperty(String(name));
  });
});

test.each(leadEventTypes)('%s as it is really sent fits its schema', (event) => {
  const parsed = parseInbound(aLeadEvent('contact_info_provided', enrichedGroups));
  if (parsed.kind !== 'lead') throw new Error('expected a lead event');
  const { facts } = applyStep(newLeadState(organizationId, leadId), parsed.step).state;
  const data = leadEventData(event, leadId, facts, { tier: 'premium', widget: null });
  const body = envelope({ event, eventId: inboundId, timestamp: '2026-01-02T03:04:05.678Z', organizationId, data });
  isDocumented(outboundSchemas[event], JSON.parse(body));
});

test('the inbound schema for the documentation accepts what the API accepts', () => {
  expect(inboundEvent.safeParse(aLeadEvent('contact_info_provided', enrichedGroups)).success).toBe(true);
  expect(inboundEvent.safeParse(aLeadEvent('contact_info_provided', { personalInfo: null })).success).toBe(false);
  expect(z.toJSONSchema(inboundEvent, { io: 'input' }).$defs).toHaveProperty('InboundLeadEvent');
});
