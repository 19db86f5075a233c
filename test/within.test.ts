import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { within } from '../src/within.ts';

const late = () => 'late';
const tooLate = (): never => {
  throw new Error('no answer');
};

test.each([
  ['what is done in time gives its result', () => within(1_000, Promise.resolve('done'), late), 'done'],
  ['what is not gives what is said instead', () => within(10, sleep(500, 'done'), late), 'late'],
  ['which may be an error', () => within(10, sleep(500, 'done'), tooLate), new Error('no answer')],
  ['a failure in time stays one', () => within(1_000, Promise.reject(new Error('away')), late), new Error('away')],
])('%s', async (_what, call, expected) => {
  expect(await call().catch((error: unknown) => error)).toEqual(expected);
});
