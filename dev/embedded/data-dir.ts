import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { notWritable } from '../../src/writable.ts';
import { isSame, processStartTime, readRecord } from './process.ts';

const patienceMs = 25_000;

/**
 * Takes `dataDir` for this process, so that no second one uses the same files; gives what releases it. The lock of a
 * process that is gone is taken over; one that is just stopping is waited for.
 */
export async function lockDataDir(dataDir: string, report: (line: string) => void): Promise<() => Promise<void>> {
  const file = join(dataDir, 'process.json');
  await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw notWritable(dataDir, 'Set DATA_DIR to a folder that can be written.', error);
  });
  const deadline = Date.now() + patienceMs;
  let isReported = false;
  while (!(await take(file))) {
    const holder = await readRecord(file);
    if (holder === null || !isSame(holder)) {
      await rm(file, { force: true });
      continue;
    }
    const inUse = `DATA_DIR ${dataDir} is in use by process ${holder.pid}`;
    if (Date.now() > deadline) throw new Error(`${inUse}. Stop it, or set DATA_DIR to another folder.`);
    if (!isReported) report(`${inUse}: waiting up to ${patienceMs / 1000} s for it to end …`);
    isReported = true;
    await sleep(200);
  }
  return () => rm(file, { force: true });
}

/** By a link, so that the lock appears with its whole content: no other process reads half of it. */
async function take(file: string): Promise<boolean> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, JSON.stringify({ pid: process.pid, startTime: processStartTime(process.pid) }), {
    mode: 0o600,
  });
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
