import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuiltService, buildService } from '../support/built-service.ts';
import { eventually, Hopeless } from '../support/eventually.ts';
import { quietPort } from '../support/quiet-port.ts';

/** What `npm start` starts, built into a folder of its own, with its own servers and its demo played to the end. */
export interface StartedService {
  url: string;
  temporalUrl: string;
  /** Of the demo's lead, in Temporal's UI. */
  workflowUrl: string;
  output(): string;
  stop(): Promise<void>;
}

const startMs = 120_000;

/** The UI's port is chosen beforehand, as a kept one of an earlier start, so that TEMPORAL_UI_URL can name it. */
export async function startedService(adminApiKey: string): Promise<StartedService> {
  const built: BuiltService = buildService();
  const home = mkdtempSync(join(tmpdir(), 'spark360-browser-'));
  const [port, uiPort] = [await quietPort(), await quietPort()];
  mkdirSync(join(home, 'temporal'), { recursive: true, mode: 0o700 });
  writeFileSync(join(home, 'temporal', 'ui-port'), `${uiPort}\n`);
  const temporalUrl = `http://127.0.0.1:${uiPort}`;
  const own = {
    DATA_DIR: home,
    PORT: `${port}`,
    TEMPORAL_UI_URL: temporalUrl,
    ADMIN_API_KEY: adminApiKey,
    // What waits for a retry waits as long as anybody looks at it.
    RETRY_SCHEDULE: '1h,1h,1h,1h',
  };
  const kept = Object.entries(process.env).filter(([name]) => !/^(NODE_|DATABASE_URL|TEMPORAL_|TEST_)/.test(name));
  const child = spawn(process.execPath, ['--v8-pool-size=1', '--no-memory-reducer', built.role('all')], {
    env: { ...Object.fromEntries(kept), ...own },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));

  async function stop(): Promise<void> {
    child.kill('SIGTERM');
    await ended;
    rmSync(home, { recursive: true, force: true });
    built.remove();
  }
  try {
    await eventually(() => {
      if (text.includes('Serving until Ctrl-C')) return;
      throw child.exitCode === null ? new Error(text) : new Hopeless(text);
    }, startMs);
  } catch (error) {
    await stop();
    throw error;
  }
  const workflowUrl = text.match(/Its workflow: (\S+)/)?.[1] ?? '';
  return { url: `http://127.0.0.1:${port}`, temporalUrl, workflowUrl, output: () => text, stop };
}
