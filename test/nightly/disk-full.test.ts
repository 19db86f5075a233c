import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { type Rig, startRig } from '../faults/rig.ts';

const testMs = 150_000;

let rig: Rig | undefined;

afterEach(async () => {
  const { verdict } = rig?.oracle ?? {};
  const surprises = rig?.backend.surprises;
  await rig?.stop();
  rig = undefined;
  expect(verdict?.violations).toEqual([]);
  expect(surprises).toEqual([]);
}, testMs);

const tmpfsBytes = 320 * 1_024 * 1_024;

/** A file system of its own size for Postgres: what root may make, or someone in a user namespace of his own. */
function mountSmall(folder: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${tmpfsBytes}`, 'tmpfs', folder]).status === 0;
}

test(
  'the disk of Postgres is full: nothing that was accepted is lost, and all goes on when there is room',
  async () => {
    const home = mkdtempSync(join(tmpdir(), 'spark360-full-'));
    const disk = join(home, 'postgres');
    mkdirSync(disk);
    if (!mountSmall(disk)) {
      rmSync(home, { recursive: true });
      process.stderr.write('No right to mount a file system here: the full disk is not tested.\n');
      return;
    }
    try {
      rig = await startRig({ workers: 1, home });
      const { db } = rig.cluster;
      const organization = await rig.organization();
      await organization.deliver(2);
      const filler = join(disk, 'filler');
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(filler, Buffer.alloc(bavail * bsize - 64 * 1_024));
      const leads = organization.send(20, 'client', { spacingMs: 100 });
      // What is left of the present WAL segment has to be used up, too.
      const fill = async (): Promise<void> => {
        for (;;) {
          await db.execute('create table filler as select repeat(md5(i::text), 30) from generate_series(1, 20000) i');
          await db.execute('drop table filler');
        }
      };
      await expect(fill()).rejects.toThrow();
      await sleep(3_000);
      rmSync(filler);
      await organization.arrived(await leads, 90_000);
      await organization.deliver(3, 'outbox');
    } finally {
      await rig?.stop();
      spawnSync('umount', [disk]);
      if (existsSync(home)) rmSync(home, { recursive: true });
    }
  },
  testMs,
);
