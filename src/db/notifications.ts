import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** Gets a payload; null: the connection was lost for a moment, and some may have been missed. */
export type Hear = (payload: string | null) => void;

/** What Postgres notifies of (LISTEN/NOTIFY), over one connection of its own that is made when it is first needed. */
export interface Notifications {
  /** Resolves once nothing is missed any more; gives what ends it. */
  listen(channel: string, hear: Hear): Promise<() => void>;
  close(): Promise<void>;
}

const connectTimeoutMs = 5_000;
const longestPauseMs = 5_000;

/**
 * The database must be reached directly, or through a pooler that keeps a session on one connection.
 * @param onError gets the error of a connection that was lost, and is made again
 */
export function openNotifications(url: string, onError: (error: Error) => void): Notifications {
  const hearers = new Map<string, Set<Hear>>();
  let connection: Promise<Client> | null = null;
  let isClosed = false;

  async function connect(): Promise<Client> {
    const client = new Client({
      connectionString: url,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      application_name: 'spark360-events notifications',
    });
    client.on('error', onError);
    client.on('notification', ({ channel, payload }) => {
      for (const hear of hearers.get(channel) ?? []) hear(payload ?? '');
    });
    await client.connect();
    for (const channel of hearers.keys()) await client.query(`listen ${channel}`);
    client.once('end', () => {
      connection = null;
      if (!isClosed && hearers.size > 0) void reconnect();
    });
    return client;
  }

  async function reconnect(): Promise<void> {
    for (let pauseMs = 100; !isClosed; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        await connected();
        for (const hear of [...hearers.values()].flatMap((all) => [...all])) hear(null);
        return;
      } catch (error) {
        onError(error as Error);
        await sleep(pauseMs, undefined, { ref: false });
      }
    }
  }

  /** The attempt to connect under way, shared by all callers. */
  function connected(): Promise<Client> {
    connection ??= connect().catch((error: unknown) => {
      connection = null;
      throw error;
    });
    return connection;
  }

  return {
    async listen(channel, hear) {
      const known = hearers.get(channel);
      if (known !== undefined) known.add(hear);
      else hearers.set(channel, new Set([hear]));
      await (await connected()).query(`listen ${channel}`);
      return () => void hearers.get(channel)?.delete(hear);
    },
    async close() {
      isClosed = true;
      await connection?.then((client) => client.end()).catch(() => undefined);
    },
  };
}
