import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { AtMost } from '../../src/domain/at-most.ts';

/** Work that ends when it is told to. */
function held(names: string) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const works = [...names].map((name) => () => {
    begun.push(name);
    return new Promise<void>((resolve) => ends.set(name, resolve));
  });
  const end = async (name: string) => {
    ends.get(name)?.();
    await turn();
  };
  return { begun, works, end };
}

test('the limit at once, the others in the order they came', async () => {
  const { begun, works, end } = held('abcd');
  const two = new AtMost(2);
  const all = Promise.all(works.map((work) => two.run(work)));
  expect(begun.join('')).toBe('ab');
  await end('b');
  expect(begun.join('')).toBe('abc');
  await end('a');
  await end('c');
  await end('d');
  await all;
});

test('work that fails gives its place on', async () => {
  const one = new AtMost(1);
  const failed = one.run(() => Promise.reject(new Error('broken')));
  const next = one.run(() => Promise.resolve('done'));
  await expect(failed).rejects.toThrow('broken');
  expect(await next).toBe('done');
  expect(await one.run(() => Promise.resolve('again'))).toBe('again');
});
