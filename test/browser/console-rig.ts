import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { operatorKey, startTestApi, type TestApi } from '../http/api.ts';
import { builtConsole } from './built-console.ts';
import { buildWorld, type ConsoleWorld } from './console-world.ts';

export interface ConsoleRig {
  api: TestApi;
  world: ConsoleWorld;
  browser: Browser;
  consoleDir: string;
  open(view?: View): Promise<ConsolePage>;
  stop(): Promise<void>;
}

/** Resolves when what was changed is drawn, and every transition is over. */
export const stillness = (page: Page): Promise<void> =>
  page.evaluate<void>(`new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))).then(() =>
    Promise.allSettled(document.getAnimations()
      .filter((one) => one.effect.getTiming().iterations === 1).map((one) => one.finished))).then(() => undefined)`);

export interface View {
  theme?: 'light' | 'dark';
  width?: number;
}

/** A browser's page on the console, and everything it complained about. */
export interface ConsolePage {
  page: Page;
  /** Violations of the content security policy, uncaught errors and errors written to the browser's log. */
  complaints: string[];
  /** Of everything that was asked for. */
  origins: Set<string>;
  /** Goes to a path of the console, and waits until its heading is there and nothing loads. */
  go(path: string): Promise<void>;
  signIn(key?: string): Promise<void>;
  /** Changes the theme and the width of what is shown, and waits until nothing moves. */
  show(view: View): Promise<void>;
  /** For people to look at, where SCREENSHOTS is set; of the whole page, unless told. */
  screenshot(name: string, options?: { fullPage?: boolean }): Promise<void>;
  close(): Promise<void>;
}

const screenshots = join(process.cwd(), 'test-output', 'screenshots');

/** The real service with the console as it is built, an organization with all kinds of things, and a browser. */
export async function startConsole(): Promise<ConsoleRig> {
  mkdirSync(screenshots, { recursive: true });
  const consoleDir = await builtConsole();
  const config = {
    retryScheduleMs: [3_600_000, 3_600_000, 3_600_000, 3_600_000],
    temporalUiUrl: 'http://127.0.0.1:8233',
  };
  const api = await startTestApi({ worker: true, consoleDir, config });
  const world = await buildWorld(api);
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  return {
    api,
    world,
    browser,
    consoleDir,
    open: (view) => openConsole(browser, `${api.url}/console`, view),
    async stop() {
      await browser.close();
      await world.stop();
      await api.stop();
    },
  };
}

/** Runs in the page, whose log is listened to. */
const reportViolations = `document.addEventListener('securitypolicyviolation', (violation) =>
  console.error('policy violated: ' + violation.violatedDirective + ' ' + violation.blockedURI))`;

const sizeOf = (width: number) => ({ width, height: width < 800 ? 844 : 860 });

async function openConsole(browser: Browser, base: string, { theme = 'light', width = 1_280 }: View = {}) {
  const context = await browser.newContext({
    viewport: sizeOf(width),
    colorScheme: theme,
    locale: 'en-US',
    // Not UTC, so that a time that is shown or typed is seen to be local.
    timezoneId: 'America/Chicago',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(45_000);
  const complaints: string[] = [];
  const origins = new Set<string>();
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
  page.on('console', (message) => {
    // Chromium writes a line for each answer that is an error, the first look for a session among them.
    const isAnswer = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isAnswer) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.addInitScript(reportViolations);
  const rig: ConsolePage = {
    page,
    complaints,
    origins,
    async go(path) {
      await page.goto(`${base}${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
    },
    async signIn(key = operatorKey) {
      await page.goto(`${base}/sign-in`);
      await page.getByLabel('Key', { exact: true }).fill(key);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL((url) => !url.pathname.endsWith('/sign-in'));
    },
    async show({ theme: colorScheme, width: newWidth }) {
      if (colorScheme !== undefined) await page.emulateMedia({ colorScheme });
      if (newWidth !== undefined) await page.setViewportSize(sizeOf(newWidth));
      await stillness(page);
    },
    screenshot: async (name, { fullPage = true } = {}) => {
      if (!process.env.SCREENSHOTS) return;
      await page.screenshot({ path: join(screenshots, `console-${name}.png`), fullPage });
    },
    close: () => context.close(),
  };
  return rig;
}
