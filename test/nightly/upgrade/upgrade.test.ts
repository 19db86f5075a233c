import { expect, test } from '@jest/globals';
import { flaky } from '../../faults/partner.ts';
import type { Role } from '../../support/role.ts';
import { type Rig, startRig } from '../../faults/rig.ts';
import { findBase } from './base.ts';
import { type Account, accountOf } from './histories.ts';
import { buildReleases, type Release, type Releases, root } from './releases.ts';
import { aJourney, type AtEnd, forEach, type State } from './journeys.ts';
import { environment, park } from './states.ts';

const base = findBase(root);
/** A hundred seconds, and as long again where the former release's dependencies have to be installed. */
const testMs = 400_000;

/** What there is to judge when all is over. */
interface Upgraded {
  /** By the state's name: 'arrived', or what is missing. */
  outcomes: Record<string, string>;
  states: State[];
  account: Account;
  /** Of every worker that ever ran, by its pid. */
  releaseOf: ReadonlyMap<number, Release>;
}

/** Everything that waits is brought there by the old release; then its processes are replaced one by one under load. */
async function upgrade(rig: Rig, releases: Releases, atEnd: AtEnd): Promise<Upgraded> {
  const { apis, workers, relays, postgres, temporal } = rig.cluster;
  const [first, second] = workers as [Role, Role];
  const releaseOf = new Map(workers.map((worker) => [worker.pid(), 'old' as Release]));
  const states = await park(rig, atEnd);

  releases.install('new');
  await releases.migrate(postgres.address);
  const start = async (role: Role): Promise<void> => {
    await role.start();
    releaseOf.set(role.pid(), 'new');
  };
  const replace = (role: Role): Promise<void> => role.stop().then(() => start(role));
  const organization = await rig.organization(flaky);
  const onOldCode = organization.send(6, 'client');
  await Promise.all([first, ...apis, ...relays].map(replace));

  // Side by side: leads begin at either, and while the new release is taken back they go on at the old one.
  const mixed = Array.from({ length: 12 }, () => aJourney(rig, organization, 'client'));
  await forEach(mixed, ({ lead, tell, taken }) => tell(lead.created()).then(() => taken(['lead.address_preview'])));
  const isReversible = releases.newPatches.length === 0;
  if (isReversible) await first.stop();
  await forEach(mixed, ({ lead, tell }) => tell(lead.personal()));
  const sent = [...(await onOldCode), ...(await organization.send(12, 'http', { spacingMs: 100 }))];
  if (isReversible) await start(first);
  await replace(second);
  states.push({
    name: 'leads that came while both releases ran',
    subjects: mixed.map(({ subject }) => subject),
    finish: () => forEach(mixed, ({ lead, tell }) => tell(lead.enrichment(), lead.contact())),
    arrived: async () => {
      await organization.arrived(sent);
      await forEach(mixed, ({ takenAll }) => takenAll());
    },
  });
  const outcomes = await Promise.all(
    states.map(async ({ name, finish, arrived }) => {
      const outcome = finish()
        .then(arrived)
        .then(() => 'arrived')
        .catch((error: Error) => error.message);
      return [name, await outcome] as const;
    }),
  );
  return { outcomes: Object.fromEntries(outcomes), states, account: await accountOf(temporal.address), releaseOf };
}

async function upgradedFrom(from: Exclude<typeof base, { kind: 'none' }>): Promise<void> {
  const closes: (() => unknown)[] = [];
  try {
    const releases = buildReleases(from);
    closes.push(releases.remove);
    const rig = await startRig({ service: releases, migrate: releases.migrate, environment });
    closes.push(rig.stop);
    const upgraded = await upgrade(rig, releases, (close) => closes.push(close));
    const { verdict } = rig.oracle;
    process.stdout.write(
      `Upgraded from ${from.why}: ${upgraded.states.length} states, ${upgraded.account.runs} workflow runs, ${verdict.events} ` +
        `events of leads in ${verdict.requests} requests; patches since: ${releases.newPatches.join(', ') || 'none'}.\n`,
    );
    judge(rig, releases, upgraded);
  } finally {
    for (const close of closes.reverse()) await close();
  }
}

function judge({ oracle, cluster, backend }: Rig, { newPatches }: Releases, upgraded: Upgraded): void {
  const { outcomes, states, account, releaseOf } = upgraded;
  // The former release cannot replay what went through a new patch: its worker fails, and the new one is asked.
  const failed = account.failed.filter(({ pid }) => newPatches.length === 0 || releaseOf.get(pid) !== 'old');
  expect(failed.slice(0, 5).map(({ pid, words }) => `at the ${releaseOf.get(pid)} release: ${words}`)).toEqual([]);
  expect(outcomes).toEqual(Object.fromEntries(states.map(({ name }) => [name, 'arrived'])));
  // Once, but for the one that was resent.
  expect(oracle.verdict.repeated).toEqual([expect.stringContaining(', resent,')]);
  expect(oracle.verdict.violations).toEqual([]);
  expect(account.unwell).toEqual([]);
  expect(cluster.roles().flatMap((role) => role.crashes())).toEqual([]);
  expect(backend.surprises).toEqual([]);

  // Else nothing above would mean anything: workflows went from the old release to the new one, and some back.
  const path = (subject: string): string =>
    (account.workers.get(subject) ?? [])
      .map((pid) => releaseOf.get(pid))
      .filter((release, index, all) => release !== all[index - 1])
      .join(' ');
  const stayed = states.filter(({ subjects }) => !subjects.some((subject) => /^old.* new$/.test(path(subject))));
  // A resend's attempt ends where it began.
  expect(stayed.map(({ name }) => name).filter((name) => name !== 'a resend under way')).toEqual([]);
  if (newPatches.length === 0) expect(states.at(-1)?.subjects.map(path)).toContain('new old new');
}

if (base.kind === 'none') test.skip(`an upgrade: ${base.why}`, () => undefined);
else {
  test(
    'whatever waits, in every way of waiting, was begun by the former release and is finished by this one, in order and once',
    () => upgradedFrom(base),
    testMs,
  );
}
