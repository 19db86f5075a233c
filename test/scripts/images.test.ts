import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Receiver, startReceiver } from '../support/receiver.ts';

let folder: string;
let registry: Receiver;
let digest = `sha256:${'a'.repeat(64)}`;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spark360-images-'));
  for (const file of ['Dockerfile', 'docker-compose.yml']) copyFileSync(file, join(folder, file));
  registry = await startReceiver(({ path, headers }) => {
    if (path.startsWith('/token')) return { body: JSON.stringify({ token: 'anonymous' }) };
    if (headers.authorization !== 'Bearer anonymous') {
      const challenge = `Bearer realm="${registry.url}/token",service="registry",scope="repository:x:pull"`;
      return { status: 401, headers: { 'www-authenticate': challenge } };
    }
    return { headers: { 'docker-content-digest': digest } };
  });
});
afterAll(async () => {
  await registry?.close();
  rmSync(folder, { recursive: true, force: true });
});

function images(command: string): Promise<{ code: number | null; output: string }> {
  const child = spawn('node', [resolve('scripts/images.mjs'), command], {
    cwd: folder,
    env: { ...process.env, IMAGE_REGISTRY: registry.url },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  return new Promise((done) => child.once('close', (code) => done({ code, output })));
}

test('every image is pinned to the digest that its tag names, and one that has moved is found', async () => {
  await images('pin');
  for (const file of ['Dockerfile', 'docker-compose.yml']) {
    const lines = readFileSync(join(folder, file), 'utf8').match(/^\s*(FROM|image:) (?!spark360).*$/gm) ?? [];
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).toContain(`@${digest}`);
  }
  expect(registry.requests.map(({ path }) => path)).toContain('/v2/library/postgres/manifests/18');
  expect(await images('check')).toMatchObject({ code: 0 });

  digest = `sha256:${'b'.repeat(64)}`;
  const { code, output } = await images('check');
  expect(code).toBe(1);
  expect(output).toContain(`node:22-bookworm-slim is pinned to sha256:${'a'.repeat(64)}; it is ${digest}`);
});
