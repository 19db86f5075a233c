import { expect, test } from '@jest/globals';
import { failedError, unreachableError } from '../../src/cli/errors.ts';
import { whileAway } from '../../src/cli/poll.ts';

const failing = (error: Error) => {
  let calls = 0;
  const read = async (): Promise<never> => {
    calls += 1;
    throw error;
  };
  return { read, calls: () => calls };
};

test('a service that stays away is given up, with its last error; it is told once', async () => {
  const told: string[] = [];
  const { read, calls } = failing(unreachableError('Nothing answers.'));
  const bounds = { everyMs: 1, withinMs: 100 };
  await expect(whileAway((text) => told.push(text), read, bounds)).rejects.toMatchObject({ exitCode: 6 });
  expect(calls()).toBeGreaterThan(1);
  expect(told).toEqual(['Nothing answers. Tried again for 0.1 s.']);
});

test('any other error ends it at once', async () => {
  const { read, calls } = failing(failedError('It is broken.'));
  await expect(whileAway(() => undefined, read)).rejects.toMatchObject({ exitCode: 1 });
  expect(calls()).toBe(1);
});
