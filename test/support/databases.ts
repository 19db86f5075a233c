import { Client } from 'pg';

const serverUrl = (): string => {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error('TEST_DATABASE_URL is set by the global setup');
  return url;
};

/**
 * Without the service's bounds: making and dropping a database wait for
 * a checkpoint, on a busy disk longer than any statement of it may take.
 */
async function onServer(sql: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl() });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
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
