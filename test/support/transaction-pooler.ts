import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * A pooler as PgBouncer is in transaction mode: after each transaction a client's next one goes to another connection.
 */
export interface TransactionPooler {
  url: string;
  close(): void;
}

interface Backend {
  socket: Socket;
  /** Null between two transactions. */
  client: Socket | null;
}

/** With `refused`, a client that sets this parameter at its start is turned away, in PgBouncer's words. */
export async function startTransactionPooler(target: string, refused?: string): Promise<TransactionPooler> {
  const { hostname, port } = new URL(target);
  const idle: Backend[] = [];
  const waiting: ((backend: Backend) => void)[] = [];
  const sockets = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };

  /** Connects and logs in as the client does. */
  function openBackend(client: Socket, startup: Buffer): Backend {
    const backend: Backend = { socket: track(connect(Number(port), hostname)), client };
    backend.socket.write(startup);
    eachMessage(backend.socket, (type, message) => {
      backend.client?.write(message);
      if (type !== 'Z' || message.toString('latin1', 5) !== 'I') return;
      backend.client = null;
      const next = waiting.shift();
      if (next === undefined) idle.push(backend);
      else next(backend);
    });
    return backend;
  }

  const server = createServer((client) => {
    track(client);
    client.once('data', (startup: Buffer) => {
      if (refused !== undefined && startup.includes(refused)) {
        client.end(errorResponse(`unsupported startup parameter: ${refused}`));
        return;
      }
      let current = openBackend(client, startup);
      let last: Promise<void> = Promise.resolve();
      const forward = async (message: Buffer): Promise<void> => {
        if (current.client !== client) {
          current = idle.shift() ?? (await new Promise<Backend>((resolve) => waiting.push(resolve)));
          current.client = client;
        }
        current.socket.write(message);
      };
      eachMessage(client, (type, message) => {
        if (type !== 'X') last = last.then(() => forward(message));
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(target);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Messages of Postgres' protocol: a type, a length that counts itself, and the rest. */
function eachMessage(socket: Socket, take: (type: string, message: Buffer) => void): void {
  let unread = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    unread = Buffer.concat([unread, bytes]);
    while (unread.length >= 5 && unread.length > unread.readUInt32BE(1)) {
      const end = unread.readUInt32BE(1) + 1;
      take(unread.toString('latin1', 0, 1), unread.subarray(0, end));
      unread = unread.subarray(end);
    }
  });
}

function errorResponse(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C08P01\0M${message}\0\0`);
  const head = Buffer.alloc(5, 'E');
  head.writeUInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
