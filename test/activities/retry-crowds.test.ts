import { expect, test } from '@jest/globals';
import { RetryCrowds } from '../../activities/retry-crowds.ts';

/** In Postgres 20 wait at 'a' and none elsewhere; a clock that is set by hand (milliseconds). */
function someCrowds() {
  const asked: string[] = [];
  const clock = { now: 0 };
  const crowds = new RetryCrowds(
    (endpointId) => {
      asked.push(endpointId);
      return Promise.resolve(endpointId === 'a' ? 20 : 0);
    },
    () => clock.now,
  );
  return { asked, clock, crowds };
}

test('of a crowd that fails within a second each is told of those before it, and Postgres is asked once', async () => {
  const { asked, clock, crowds } = someCrowds();
  expect(await Promise.all([crowds.join('a'), crowds.join('b'), crowds.join('a')])).toEqual([20, 0, 21]);
  clock.now = 999;
  expect(await crowds.join('a')).toBe(22);
  expect(asked).toEqual(['a', 'b']);
});

test('after a second it is counted anew', async () => {
  const { asked, clock, crowds } = someCrowds();
  await crowds.join('a');
  clock.now = 500;
  await crowds.join('b');
  clock.now = 1_000;
  expect(await crowds.join('a')).toBe(20);
  expect(await crowds.join('b')).toBe(1);
  expect(asked).toEqual(['a', 'b', 'a']);
});

test('a count that fails is thrown, and asked for again', async () => {
  let isAway = true;
  const crowds = new RetryCrowds(() => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(3)));
  await expect(crowds.join('a')).rejects.toThrow('away');
  isAway = false;
  expect(await crowds.join('a')).toBe(3);
});
