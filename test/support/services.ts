import { randomUUID } from 'node:crypto';
import { createDatabase, dropDatabase } from './databases.ts';

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/**
 * A migrated database of a test file's own: `beforeAll(async () => {
 * database = await createTestDatabase(); })`, and `drop` after all.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const template = process.env.TEST_TEMPLATE_DATABASE;
  if (!template) throw new Error('TEST_TEMPLATE_DATABASE is set by the global setup');
  return named((name) => createDatabase(name, template));
}

/** The same without any table. */
export const createEmptyDatabase = (): Promise<TestDatabase> => named((name) => createDatabase(name));

async function named(create: (name: string) => Promise<string>): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  return { url: await create(name), drop: () => dropDatabase(name) };
}

/** host:port of the Temporal server of this run. */
export function temporalAddress(): string {
  const address = process.env.TEMPORAL_ADDRESS;
  if (!address) throw new Error('TEMPORAL_ADDRESS is set by the global setup');
  return address;
}

/** The file of the workflows' bundle of this run. */
export function testBundlePath(): string {
  const path = process.env.TEST_WORKFLOW_BUNDLE;
  if (!path) throw new Error('TEST_WORKFLOW_BUNDLE is set by the global setup');
  return path;
}

/** Test files share one server and its namespace: each has its own task queue, and its own organizations. */
export const uniqueTaskQueue = (name = 'test'): string => `${name}-${randomUUID()}`;
