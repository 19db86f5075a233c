import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { parseKeyRing } from '../../src/crypto/key-ring.ts';
import { encryptionCodec } from '../../src/temporal/codec.ts';
import { dataConverter } from '../../src/temporal/data-converter.ts';
import { decodedTexts } from '../support/histories.ts';
import { testBundle } from '../support/service.ts';
import { recordedKeys } from './keys.ts';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const ring = parseKeyRing(recordedKeys);
const historyOf = (file: string) => historyFromJSON(JSON.parse(readFileSync(`${folder}${file}`, 'utf8')));

/** Replays recorded runs with today's workflows; gives what failed by file. */
async function replay(histories: Record<string, ReturnType<typeof historyOf>>): Promise<Record<string, string>> {
  const failed: Record<string, string> = {};
  const options = { workflowBundle: await testBundle(), dataConverter: dataConverter(ring) };
  const runs = Object.entries(histories).map(([workflowId, history]) => ({ workflowId, history }));
  for await (const { workflowId, error } of Worker.runReplayHistories(options, runs)) {
    if (error) failed[workflowId] = error.message;
  }
  return failed;
}

describe('what running workflows have done, the code of today would do again', () => {
  test('every recorded run replays', async () => {
    expect(files.length).toBeGreaterThanOrEqual(12);
    expect(await replay(Object.fromEntries(files.map((file) => [file, historyOf(file)])))).toEqual({});
  });

  test.each(['lead', 'widget', 'endpoint', 'recovery', 'recoveryJob', 'resend'])(
    'runs of workflow %s are among them',
    (type) => {
      const types = files.map(
        (file) => historyOf(file).events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name,
      );
      expect(types).toContain(type);
    },
  );

  test('a run that did otherwise is noticed: else nothing above would mean anything', async () => {
    const history = historyOf('recovery.v1.json');
    const scheduled = history.events?.find((event) => event.activityTaskScheduledEventAttributes?.activityType);
    const activityType = scheduled?.activityTaskScheduledEventAttributes?.activityType;
    expect(activityType?.name).toBe('recoveryDeliveries');
    if (activityType) activityType.name = 'somethingElse';
    expect(Object.keys(await replay({ changed: history }))).toEqual(['changed']);
  });
});

test('the recordings are sealed by the committed key alone, and name no machine', async () => {
  for (const file of files) {
    const text = readFileSync(`${folder}${file}`, 'utf8');
    expect(text).not.toContain('featherstonehaugh');
    expect([...text.matchAll(/"identity": "([^"]*)"/g)].map(([, identity]) => identity)).toEqual(
      expect.not.arrayContaining([expect.stringContaining('@')]),
    );
  }
  expect(await decodedTexts(historyOf('lead-whole-journey.v1.json'), encryptionCodec(ring))).toContain(
    'featherstonehaugh.example',
  );
});
