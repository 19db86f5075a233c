const shared = {
  testEnvironment: 'node',
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'es6' },
      },
    ],
  },
};

/** Folders whose tests need neither Postgres nor Temporal: `npm run test:unit` answers in seconds. */
const unit = ['config', 'console', 'crypto', 'deploy', 'docs', 'domain', 'schemas', 'scripts', 'webhooks'];
/** Parts are killed, frozen or flooded there, each file on servers of its own: CI runs nothing beside them. */
const faults = ['faults'];
/** What only `npm run nightly` runs, and what it runs for longer: its script has a variable for each. */
const nightly = ['nightly'];
const longForms = [
  ...nightly,
  ...['model', 'fuzz', 'faults/many-endpoints', 'browser/console-long-list'],
  ...['db/list-plans', 'delivery/isolation', 'outbox/relays'],
];

const within = (folders) => folders.map((folder) => `<rootDir>/test/${folder}`);
/** Real Postgres and Temporal are started once per run; see test/support/. */
const servers = {
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};

export default {
  maxWorkers: 2,
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  // Ends a hang; how fast anything is, no test judges.
  testTimeout: 180_000,
  projects: [
    { ...shared, displayName: 'unit', roots: within(unit) },
    {
      ...shared,
      ...servers,
      displayName: 'service',
      roots: ['<rootDir>/test'],
      testPathIgnorePatterns: [
        '/node_modules/',
        ...within([...unit, ...faults, ...nightly]).map((folder) => `${folder}/`),
      ],
    },
    { ...shared, ...servers, displayName: 'faults', roots: within(faults) },
    {
      ...shared,
      ...servers,
      displayName: 'nightly',
      roots: ['<rootDir>/test'],
      testMatch: longForms.flatMap((path) => [`**/test/${path}/**/*.test.ts`, `**/test/${path}.test.ts`]),
    },
  ],
};
