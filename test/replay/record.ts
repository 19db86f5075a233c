import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from '@jest/globals';
import type { Config } from '../../src/config/config.ts';
import { eventually } from '../support/eventually.ts';
import { asJson, historiesOf } from '../support/histories.ts';
import { startService, type TestService } from '../support/service.ts';
import { startTemporalWith } from '../support/temporal-server.ts';
import { recordedKeys } from './keys.ts';
import { continuedScenarios, type Scenario, scenarios } from './scenarios.ts';

// `npm run histories` plays the scenarios and keeps the histories as <name>.v1.json; `HISTORIES=v2 npm run histories`
// as v2. A change of a workflow that running ones may replay goes through patched() and gets a version of its own; the
// older ones stay for as long as a run that old may live. Run by jest, for its servers, but no test by name: it writes.
const version = process.env.HISTORIES ?? 'v1';
const folder = fileURLToPath(new URL('./histories/', import.meta.url));

/** Short waits, so that every workflow comes to its end while we look. */
const settings: Partial<Config> = {
  encryptionKeys: recordedKeys,
  retryScheduleMs: [20, 20, 20, 20],
  addressGraceMs: 500,
  enrichmentDeadlineMs: 1_000,
  idleAfterMs: 800,
};

/** Without the name of the machine it was recorded on. */
const withoutIdentity = (json: string): string => json.replace(/"identity": "[^"]*"/g, '"identity": "recorded"');

async function save({ deps }: TestService, name: string, workflowId: string): Promise<void> {
  const histories = await eventually(async () => {
    const found = await historiesOf(deps.temporal, workflowId);
    const last = found.at(-1)?.events?.at(-1);
    if (!last?.workflowExecutionCompletedEventAttributes) throw new Error(`${name} has not completed`);
    return found;
  }, 60_000);
  for (const [index, history] of histories.entries()) {
    const run = histories.length === 1 ? '' : `-run${index + 1}`;
    await writeFile(join(folder, `${name}${run}.${version}.json`), `${withoutIdentity(asJson(history))}\n`);
    process.stdout.write(`${name}${run}.${version}: ${history.events?.length} events\n`);
  }
}

async function record(played: Record<string, Scenario>, service: TestService): Promise<void> {
  const steps: (() => Promise<void>)[] = [];
  try {
    const recording = { service, onEnd: (step: () => Promise<void>) => void steps.push(step) };
    await Promise.all(
      Object.values(played).map(async (scenario) => {
        for (const [name, workflowId] of Object.entries(await scenario(recording)))
          await save(service, name, workflowId);
      }),
    );
  } finally {
    for (const step of steps) await step();
    await service.stop();
  }
}

test('record', async () => {
  await mkdir(folder, { recursive: true });
  await record(scenarios, await startService(settings));
  const temporal = await startTemporalWith({ 'limit.historyCount.suggestContinueAsNew': 40 });
  try {
    const continuing = { ...settings, temporalAddress: temporal.address, addressGraceMs: 3_000 };
    await record(continuedScenarios, await startService(continuing));
  } finally {
    await temporal.stop();
  }
}, 300_000);
