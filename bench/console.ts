import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { startApi } from '../src/http/server.ts';
import { fill } from './lists.ts';
import { median } from './measure.ts';
import { ms, type Rig, say } from './rig.ts';

const rounds = Number(process.env.BENCH_ROUNDS ?? 10);

interface Paint {
  firstContentMs: number;
  firstNumberMs: number;
}

/** Runs in the page from its beginning: when the frame is drawn that has the first number of the overview. */
const watch = `window.firstNumber = new Promise((resolve) => {
  const look = () => {
    const isThere = [...document.querySelectorAll('.stat dd')].some((one) => /^\\d/.test(one.textContent));
    requestAnimationFrame(isThere ? () => setTimeout(() => resolve(performance.now())) : look);
  };
  look();
})`;
const read = `(async () => {
  const firstNumberMs = await window.firstNumber;
  // The browser tells it a moment after it has drawn.
  const firstContentMs = await new Promise((resolve) => new PerformanceObserver((list) => {
    for (const one of list.getEntriesByName('first-contentful-paint')) resolve(one.startTime);
  }).observe({ type: 'paint', buffered: true }));
  return { firstContentMs, firstNumberMs };
})()`;

/** An organization's overview in Chromium with an empty cache, and beside it the floor: a page of one number. */
export async function console({ deps }: Rig): Promise<void> {
  const [large] = await fill(deps.db);
  const adminApiKey = randomUUID();
  const consoleDir = fileURLToPath(new URL('../console', import.meta.url));
  const api = await startApi({ ...deps, consoleDir, config: { ...deps.config, port: 0, adminApiKey } });
  const empty = await emptyPage();
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const paints: Record<'overview' | 'floor', Paint[]> = { overview: [], floor: [] };
  for (let round = 0; round < rounds; round += 1) {
    const path = join('/console/organizations', large.organizationId);
    paints.overview.push(await load(browser, `${api.url}${path}`, { session: `${api.url}/v1/session`, adminApiKey }));
    paints.floor.push(await load(browser, empty.url));
  }
  say(`\n${rounds} cold loads each                first content: median, max    first number: median, max`);
  for (const [name, all] of Object.entries(paints)) {
    const columns = [all.map((one) => one.firstContentMs), all.map((one) => one.firstNumberMs)].map((times) =>
      `${ms(median(times))}, ${ms(Math.max(...times))}`.padEnd(30),
    );
    say(`${name.padEnd(34)}${columns.join('')}`);
  }
  await browser.close();
  await empty.close();
  await api.close();
}

/** In a context of its own, whose cache is empty; signed in beforehand where a key is given. */
async function load(browser: Browser, url: string, signIn?: { session: string; adminApiKey: string }): Promise<Paint> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 860 } });
  if (signIn) {
    const answer = await context.request.post(signIn.session, { data: { key: signIn.adminApiKey } });
    if (!answer.ok()) throw new Error(`signing in was answered ${answer.status()}`);
  }
  const page = await context.newPage();
  await page.addInitScript(watch);
  await page.goto(url);
  const paint = await page.evaluate<Paint>(read);
  await context.close();
  return paint;
}

async function emptyPage(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><dl class="stat"><dd>1</dd></dl>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
