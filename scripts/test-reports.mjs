// Reads jest's JSON reports: `failed` prints the files that failed, `slowest` where CI's minutes went, `result` the
// closing line.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const shown = 25;
const [command, ...paths] = process.argv.slice(2);
const files = new Map(
  paths
    .filter((path) => existsSync(path))
    .flatMap((path) => JSON.parse(readFileSync(path, 'utf8')).testResults)
    .map((file) => [relative('.', file.name), file]),
);
/** A file that could not be run at all has no tests, and counts as one that failed. */
const count = (status, { assertionResults, status: ofFile }) =>
  assertionResults.filter((test) => test.status === status).length ||
  Number(status === 'failed' && ofFile === 'failed' && assertionResults.length === 0);
const total = (status) => [...files.values()].reduce((sum, file) => sum + count(status, file), 0);

const commands = {
  failed() {
    for (const [name, { status }] of files) if (status === 'failed') console.log(name);
  },
  slowest() {
    const seconds = ({ startTime, endTime }) => (endTime - startTime) / 1_000;
    const sorted = [...files].toSorted(([, a], [, b]) => seconds(b) - seconds(a));
    for (const [name, file] of sorted.slice(0, shown))
      console.log(`${seconds(file).toFixed(1).padStart(7)} s  ${name}`);
  },
  result() {
    console.log(`${total('passed')} passed, ${total('failed')} failed`);
  },
};
commands[command]();
