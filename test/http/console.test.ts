import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from './api.ts';

const page = '<!doctype html><title>console</title>';
const script = 'export const answer = 42;';

let api: TestApi;
const consoleDir = mkdtempSync(join(tmpdir(), 'console-'));
beforeAll(async () => {
  mkdirSync(join(consoleDir, 'assets'));
  for (const [path, text] of [
    ['index.html', page],
    ['assets/main-abc.js', script],
  ] as const) {
    writeFileSync(join(consoleDir, path), text);
    writeFileSync(join(consoleDir, `${path}.br`), brotliCompressSync(text));
  }
  api = await startTestApi({ consoleDir });
});
afterAll(async () => {
  await api?.stop();
  rmSync(consoleDir, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}) => api.call('GET', path, { key: null, headers });

test.each(['/console', '/console/', '/console/sign-in', '/console/organizations/1/leads/2'])(
  '%s is the page, needs no key, and is asked for anew each time',
  async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    expect(answer.body).toBe(page);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
  },
);

test('a file named by its content is kept for good', async () => {
  const answer = await get('/console/assets/main-abc.js');
  expect(answer.body).toBe(script);
  expect(answer.headers.get('content-type')).toContain('javascript');
  expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
});

test('a browser that takes Brotli gets the file as it was compressed when it was built', async () => {
  // fetch would decompress it.
  const { encoding, body } = await new Promise<{ encoding: string | undefined; body: Buffer }>((resolve, reject) => {
    request(`${api.url}/console/assets/main-abc.js`, { headers: { 'accept-encoding': 'br' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ encoding: response.headers['content-encoding'], body: Buffer.concat(chunks) }),
      );
    })
      .on('error', reject)
      .end();
  });
  expect(encoding).toBe('br');
  expect(brotliDecompressSync(body).toString()).toBe(script);
});

test.each(['/console', '/console/assets/main-abc.js'])(
  '%s may load nothing from elsewhere and run nothing inline',
  async (path) => {
    const policy = (await get(path)).headers.get('content-security-policy') ?? '';
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "img-src 'self' data:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]);
    expect((await get(path)).headers.get('x-content-type-options')).toBe('nosniff');
  },
);

test.each(['/console/assets/gone.js', '/console/assets/..%2f..%2fpackage.json', '/console/assets/'])(
  '%s is not found',
  async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  },
);

test('a service without a built console has none', async () => {
  const bare = await startTestApi();
  expect((await bare.call('GET', '/console', { key: null })).status).toBe(404);
  await bare.stop();
});
