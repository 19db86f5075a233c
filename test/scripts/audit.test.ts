import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Receiver, startReceiver } from '../support/receiver.ts';

let folder: string;
let registry: Receiver;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spark360-audit-'));
});
afterEach(() => registry?.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const advisory = {
  id: 1,
  url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
  title: 'Reads beyond its buffer',
  severity: 'high',
  vulnerable_versions: '>=0.0.0',
  cwe: [],
  cvss: { score: 7, vectorString: null },
};

/** The script with npm's own client, towards a registry of this test. */
async function audit(reviewed: object): Promise<{ code: number | null; output: string }> {
  const list = join(folder, 'reviewed.json');
  writeFileSync(list, JSON.stringify(reviewed));
  const child = spawn('node', ['scripts/audit.mjs', list], {
    env: { ...process.env, npm_config_registry: registry.url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}
/** Of a package npm also asks which versions there are. */
const answering = async (advisories: object): Promise<void> => {
  registry = await startReceiver(({ path }) => {
    const body = path.startsWith('/-/') ? advisories : { name: decodeURIComponent(path.slice(1)), versions: {} };
    return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  });
};

test('an advisory that nobody has reviewed fails, naming package and title', async () => {
  await answering({ pino: [{ ...advisory, name: 'pino' }] });
  const { code, output } = await audit({});
  expect(output).toContain('GHSA-aaaa-bbbb-cccc in pino (high), not reviewed: Reads beyond its buffer');
  expect(code).toBe(1);
});

test('a reviewed one passes with its reason; an entry that is no longer needed is said', async () => {
  await answering({ pino: [{ ...advisory, name: 'pino' }] });
  const { code, output } = await audit({
    'GHSA-aaaa-bbbb-cccc': 'not reached: we pass no buffer',
    'GHSA-gone-gone-gone': 'old',
  });
  expect(output).toContain('reviewed: not reached: we pass no buffer');
  expect(output).toContain('GHSA-gone-gone-gone is gone, remove it');
  expect(code).toBe(0);
});

test('a registry that cannot be asked fails nothing, and is said in a line', async () => {
  registry = await startReceiver({ status: 405 });
  const { code, output } = await audit({});
  expect(output).toMatch(/^npm audit: not asked, .+\n$/);
  expect(code).toBe(0);
});
