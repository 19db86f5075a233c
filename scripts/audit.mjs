// `npm audit` against the list of reviewed advisories: fails on one that is not on it, says which entries are no longer
// needed.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const listFile = process.argv[2] ?? fileURLToPath(new URL('./reviewed-advisories.json', import.meta.url));

/**
 * The advisories that npm reports, by id: a package is named by each that is about it, and by packages that depend on
 * it.
 */
function advisoriesOf({ vulnerabilities }) {
  const found = Object.values(vulnerabilities).flatMap(({ via }) => via.filter((cause) => typeof cause === 'object'));
  return new Map(found.map((advisory) => [advisory.url.split('/').at(-1), advisory]));
}

const { stdout } = spawnSync('npm', ['audit', '--json', '--fetch-retries=0', '--fetch-timeout=20000'], {
  encoding: 'utf8',
});
let report;
try {
  report = JSON.parse(stdout);
} catch {
  report = { message: 'npm gave no report' };
}
if (report.vulnerabilities === undefined) {
  // A mirror without the endpoint, or no network: that is no finding.
  console.log(`npm audit: not asked, ${report.message ?? report.error?.summary ?? 'no answer'}`);
  process.exit(0);
}
const advisories = advisoriesOf(report);
const reviewed = JSON.parse(readFileSync(listFile, 'utf8'));
for (const [id, { name, severity, title }] of advisories) {
  const review = reviewed[id];
  if (review === undefined) console.error(`npm audit: ${id} in ${name} (${severity}), not reviewed: ${title}`);
  else console.log(`npm audit: ${id} in ${name} (${severity}), reviewed: ${review}`);
}
for (const id of Object.keys(reviewed)) if (!advisories.has(id)) console.log(`npm audit: ${id} is gone, remove it`);
const unreviewed = [...advisories.keys()].filter((id) => reviewed[id] === undefined);
console.log(`npm audit: ${advisories.size} advisories, ${unreviewed.length} not reviewed`);
process.exit(unreviewed.length === 0 ? 0 : 1);
