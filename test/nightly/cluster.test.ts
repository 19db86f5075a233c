import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { temporalBinaries } from '../cluster/temporal-binaries.ts';

/** Building Temporal's server took 13 minutes on one core; what follows takes a few. */
const testMs = 3_600_000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function canBuildTemporal(): boolean {
  try {
    temporalBinaries(say);
    return true;
  } catch (error) {
    say(`Temporal's server cannot be built here, so nothing is run on a cluster of it: ${error}`);
    return false;
  }
}

test(
  "on Temporal's own server and Postgres, with every process replaced and killed under load, no promise is broken",
  async () => {
    if (!canBuildTemporal()) return;
    const command = ['--import', './test/outbox/run-typescript.mjs', '--no-warnings', 'test/cluster/run.ts'];
    const run = spawn(process.execPath, [...command, '--rate', '2', '--seconds', '10'], { stdio: 'inherit' });
    expect((await once(run, 'exit'))[0]).toBe(0);
  },
  testMs,
);
