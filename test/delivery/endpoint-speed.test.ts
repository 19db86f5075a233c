import { expect, test } from '@jest/globals';
import { EndpointSpeed } from '../../src/delivery/endpoint-speed.ts';

/** Below how many under way an attempt may begin without the endpoint's lock; null: not at all. */
const below = (speed: EndpointSpeed, endpointId = 'a'): Promise<number | null> =>
  speed.unlocked(endpointId, async (most) => most);

test.each([
  ['not known', [], 1, false],
  ['fast', [20], 16, true],
  ['slow', [400], null, false],
  ['fast until one answer took long', [20, 20, 15_000], null, false],
  ['slow once, and fast since', [400, 20, 20], 16, true],
])(
  'an endpoint that is %s: how many attempts begin without its lock, and whether a task waits',
  async (_what, answersMs, expected, isFast) => {
    const speed = new EndpointSpeed();
    for (const ms of answersMs) speed.learn('a', ms);
    expect(await below(speed)).toBe(expected);
    expect(speed.isSlow('a')).toBe(expected === null);
    expect(speed.isFast('a')).toBe(isFast);
  },
);

test('what begins at an endpoint at the same time counts, until it is seen or fails', async () => {
  const speed = new EndpointSpeed();
  speed.learn('fast', 20);
  const failing = speed.unlocked('fast', async () => {
    expect(await below(speed, 'fast')).toBe(15);
    await speed.unlocked('new', async () => expect(await below(speed, 'new')).toBeNull());
    throw new Error('Postgres is away');
  });
  await expect(failing).rejects.toThrow('away');
  expect([await below(speed, 'fast'), await below(speed, 'new')]).toEqual([16, 1]);
});

test('what begins behind the lock and what begins without it count each other, the former one at a time', async () => {
  const speed = new EndpointSpeed();
  speed.learn('a', 20);
  const told: number[] = [];
  const locked = () =>
    speed.locked('a', async (unseen) => {
      told.push(unseen);
      expect(await below(speed)).toBe(16 - unseen - 1);
    });
  await speed.unlocked('a', async () => {
    await Promise.all([locked(), locked()]);
    return null;
  });
  await locked();
  expect(told).toEqual([1, 1, 0]);
  expect(speed.unseen('a')).toBe(0);
});
