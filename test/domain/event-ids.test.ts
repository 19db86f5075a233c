import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { eventIdOf } from '../../src/domain/event-ids.ts';
import { leadEventTypes } from '../../src/domain/lead.ts';

test('one random number gives each type of event another id, each a uuid v4, and the same one again', () => {
  for (let round = 0; round < 100; round += 1) {
    const random = randomUUID();
    const ids = leadEventTypes.map((type) => eventIdOf(random, type));
    expect(new Set(ids).size).toBe(leadEventTypes.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(leadEventTypes.map((type) => eventIdOf(random, type))).toEqual(ids);
  }
});

test.each([
  ['00000000-0000-4000-8000-000000000000', '', '811c9dc5-0000-4000-8000-000000000000'],
  ['00000000-0000-4000-8000-000000000000', 'a', 'e40c292c-0000-4000-8000-000000000000'],
  ['e40c292d-0000-4000-8000-000000000000', 'a', '00000001-0000-4000-8000-000000000000'],
])('%s with "%s" is %s', (random, cause, id) => {
  expect(eventIdOf(random, cause)).toBe(id);
});
