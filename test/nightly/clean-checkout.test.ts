import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { demoWebhooks, npmStart } from '../smoke/started.ts';
import { quietPort } from '../support/quiet-port.ts';

/** Long enough to install, to build, and to build Temporal where nothing else gives it. */
const startMs = 600_000;

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'spark360-clean-'));
  execFileSync('git', ['clone', '--quiet', process.cwd(), join(home, 'checkout')]);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

test(
  'a clean checkout: npm start installs, builds, shows the four webhooks of the demo, and SIGTERM ends it with exit code 0',
  async () => {
    const variables = { DATA_DIR: join(home, 'data'), PORT: `${await quietPort()}` };
    const started = npmStart(join(home, 'checkout'), variables);
    await started.says('Serving until Ctrl-C', startMs);
    expect(started.webhooks()).toEqual(demoWebhooks);
    expect(await started.end('SIGTERM')).toBe(0);
  },
  startMs + 30_000,
);
