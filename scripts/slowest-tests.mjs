// Prints which test files took longest, from jest's JSON reports: where CI's minutes go.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const shown = 25;
const files = process.argv
  .slice(2)
  .filter((path) => existsSync(path))
  .flatMap((path) => JSON.parse(readFileSync(path, 'utf8')).testResults)
  .map(({ name, startTime, endTime }) => ({ name: relative('.', name), seconds: (endTime - startTime) / 1_000 }));
for (const { name, seconds } of files.toSorted((a, b) => b.seconds - a.seconds).slice(0, shown))
  console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
