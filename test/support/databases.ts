import { openDatabase } from '../../src/db/pool.ts';

const serverUrl = (): string => {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error('TEST_DATABASE_URL is set by the global setup');
  return url;
};

async function onServer(sql: string): Promise<void> {
  const db = openDatabase(serverUrl(), 1, () => undefined);
  try {
    // Making and dropping a database wait for a checkpoint: on a busy disk longer than any statement of the service may take.
    await db.execute('set statement_timeout = 0');
    await db.execute(sql);
  } finally {
    await db.close();
  }
}

/** Makes a database, empty or cloned from `template`, and gives its URL. */
export async function createDatabase(name: string, template = 'template0'): Promise<string> {
  await onServer(`create database ${name} template ${template}`);
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  return url.href;
}

export const dropDatabase = (name: string): Promise<void> => onServer(`drop database if exists ${name} with (force)`);
