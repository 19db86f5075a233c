import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { type Language, lacks, languages, type Running } from './languages.ts';
import { aSecret, contractRun, type Report, signedEvent } from './requests.ts';

const patienceMs = 180_000; // Go compiles its standard library the first time.
const cleanUp: (() => void | Promise<void>)[] = [];
afterAll(async () => {
  for (const step of cleanUp.reverse()) await step();
});

const here = languages.filter((language) => {
  const program = lacks(language);
  if (program !== null) process.stderr.write(`${language.name}: no fit ${program} here, its receiver is not tested\n`);
  return program === null;
});

const contract = readFileSync(new URL('../../../examples/receivers/CONTRACT.md', import.meta.url), 'utf8');

test('the contract lists the twenty requests, with their answers', () => {
  const rows = [...contract.matchAll(/^\| (\d+) \| (.+?) \| (\d{3}) \|/gm)];
  expect(rows.map(([, number, says, status]) => [Number(number), says, Number(status)])).toEqual(
    contractRun([aSecret(), aSecret()]).requests.map(({ says, status }, index) => [index + 1, says, status]),
  );
  expect(rows).toHaveLength(20);
});

test.each(here)(
  '$name: answers the twenty requests as the contract says, and knows them after a kill',
  async (language) => {
    const secrets = [aSecret(), aSecret()] as const;
    const folder = aFolder();
    let receiver = await started(language, folder, secrets);
    // Signed once it runs: a compiler may take longer than a timestamp may be old.
    const { requests, report } = contractRun(secrets);
    const answers: number[] = [];
    for (const request of requests) answers.push(await receiver.send(request));
    expect(table(requests, answers)).toEqual(table(requests));
    await expectReport(receiver, report);

    await receiver.kill();
    receiver = await started(language, folder, secrets);
    await expectReport(receiver, report);
    const stored = requests.filter(({ status }) => status === 204);
    const repeated: number[] = [];
    for (const request of stored) repeated.push(await receiver.send(request));
    expect(repeated).toEqual(stored.map(() => 200));
    await expectReport(receiver, report);
  },
  patienceMs,
);

test.each(here)(
  '$name: of the same event eight times at once one is stored',
  async (language) => {
    const secret = aSecret();
    const receiver = await started(language, aFolder(), [secret]);
    const event = signedEvent(randomUUID(), secret, { sequence: 1 });
    const answers = await Promise.all(Array.from({ length: 8 }, () => receiver.send(event)));
    expect(answers.sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 204]);
    await expectReport(receiver, { stored: 1, missing: [], late: [] });
  },
  patienceMs,
);

test.each(here)(
  '$name: answers 500 while its disk is full, and stores the same request when there is room',
  async (language) => {
    const secret = aSecret();
    const folder = aFolder();
    // The first one makes the store.
    await (await started(language, folder, [secret])).kill();
    let receiver = await started(language, folder, [secret], true);
    const event = signedEvent(randomUUID(), secret, { sequence: 1 });
    expect(await receiver.send(event)).toBe(500);
    await expectReport(receiver, { stored: 0, missing: [], late: [] });
    await receiver.kill();
    receiver = await started(language, folder, [secret]);
    expect(await receiver.send(event)).toBe(204);
  },
  patienceMs,
);

test.each(here.filter(({ name }) => name !== 'shell'))(
  '$name: reads a body that comes in chunks, and refuses one of more than 4 MiB with 413, with its length and without',
  async (language) => {
    const secret = aSecret();
    const receiver = await started(language, aFolder(), [secret]);
    const event = signedEvent(randomUUID(), secret, { sequence: 1 }, { filler: 'x'.repeat(1024 * 1024) });
    expect(await receiver.send(event, { chunked: true })).toBe(204);
    const tooLarge = { ...event, body: 'x'.repeat(4 * 1024 * 1024 + 1) };
    expect(await receiver.send(tooLarge)).toBe(413);
    expect(await receiver.send(tooLarge, { chunked: true })).toBe(413);
    await expectReport(receiver, { stored: 1, missing: [], late: [] });
  },
  patienceMs,
);

const table = (
  requests: { says: string; status: number }[],
  answers = requests.map(({ status }) => status),
): string[] => requests.map(({ says }, index) => `${index + 1} ${answers[index]} ${says}`);

async function expectReport(receiver: Running, expected: Report): Promise<void> {
  const report = await receiver.report();
  report?.missing.sort((a, b) => a.sequence - b.sequence);
  if (report !== null) expect(report).toEqual(expected);
}

async function started(
  language: Language,
  folder: string,
  secrets: readonly string[],
  isDiskFull = false,
): Promise<Running> {
  const receiver = await language.start({ folder, secrets, isDiskFull });
  cleanUp.push(receiver.kill);
  return receiver;
}

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'receiver-'));
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
