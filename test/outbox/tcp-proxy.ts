import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A network that can fail: forwards connections to `target` (host:port) until it is told otherwise. */
export interface TcpProxy {
  /** host:port */
  address: string;
  /** Ends all connections and refuses new ones. */
  cut(): void;
  /** Swallows all bytes, as a network that loses them does: nobody is told. */
  stall(): void;
  /** Forwards again; what was stalled is ended. */
  mend(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const [host = '', port = ''] = target.split(':');
  let mode: 'forward' | 'cut' | 'stall' = 'forward';
  const sockets = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    track(client);
    if (mode === 'cut') {
      client.destroy();
      return;
    }
    const upstream = track(connect(Number(port), host));
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (bytes) => {
        if (mode === 'forward') to.write(bytes);
      });
      from.on('close', () => to.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      mode = 'cut';
      endAll();
    },
    stall() {
      mode = 'stall';
    },
    mend() {
      if (mode === 'stall') endAll();
      mode = 'forward';
    },
    async close() {
      endAll();
      server.close();
      await once(server, 'close');
    },
  };
}
