import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { modulesOf } from './modules.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>;
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spark360-client-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const compile = async (config: object): Promise<string> => {
  const file = join(folder, 'tsconfig.json');
  writeFileSync(file, JSON.stringify(config));
  const run = promisify(execFile)(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    '-p',
    file,
    '--pretty',
    'false',
  ]);
  return run.then(({ stdout }) => stdout).catch(({ stdout }: { stdout: string }) => stdout);
};

const clientsOwn =
  /^(src\/(client|backend-publisher|is-away|errors)\.ts|src\/(domain|intake|schemas|crypto|temporal)\/.+|workflows\/(messages|search-attributes)\.ts)$/;

test('the client pulls no server code in', () => {
  const { ours, packages } = modulesOf('src/client.ts');
  expect([...packages].filter((name) => !name.startsWith('node:')).sort()).toEqual([
    '@grpc/grpc-js',
    '@temporalio/client',
    '@temporalio/common',
    '@temporalio/proto',
    '@temporalio/workflow',
    'zod',
  ]);
  expect([...ours].filter((path) => !clientsOwn.test(path))).toEqual([]);
  expect([...ours].filter((path) => /worker|runtime/.test(path))).toEqual([]);
});

test("the package's exports lead to what is built of the client, its types, and the outbox's SQL", () => {
  expect(manifest.exports['./client']).toEqual({
    types: './dist/src/client.d.ts',
    default: './dist/src/client.js',
  });
  expect(manifest.exports['./outbox.sql']).toBe('./sql/outbox.sql');
});

test('the declaration files stand by themselves: a backend is told of a wrong field, and no type is any', async () => {
  const dist = join(folder, 'package');
  const emitted = await compile({
    extends: join(root, 'tsconfig.build.json'),
    compilerOptions: {
      outDir: dist,
      rootDir: root,
      noEmitOnError: false,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: [],
    files: [join(root, 'src/client.ts')],
  });
  expect(emitted).toBe('');
  const consumer = join(folder, 'consumer.ts');
  writeFileSync(
    consumer,
    `import { type BackendEvent, connect } from './package/src/client.js';
     export async function main(): Promise<void> {
       const client = await connect({ address: 'localhost:7233', namespace: 'default', encryptionKeys: '' });
       const event: BackendEvent = { id: '1', event: 'lead.deleted', timestamp: '', data: { object: { referenceId: 1 } } };
       await client.publish(event);
       const stage: number | undefined = (await client.lead('organization', 'lead').state())?.stage;
       client.signal(stage);
     }`,
  );
  const errors = await compile({
    compilerOptions: {
      target: 'es2023',
      module: 'nodenext',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
      paths: { '*': [join(root, 'node_modules/*')] },
    },
    files: [consumer],
  });
  expect(errors).toContain(`Type '"lead.deleted"' is not assignable to type`);
  expect(errors).toContain(`is not assignable to type 'number`);
  expect(errors).toContain(`Property 'signal' does not exist on type 'BackendClient'`);
});
