import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP proxy between two parts, with the ways in which a network fails. */
export interface TcpProxy {
  /** host:port to connect to instead. */
  address: string;
  /** Ends all connections and refuses new ones. */
  cut(): void;
  /** Swallows all bytes of the connections there are and of new ones: nobody is told. */
  stall(): void;
  /** The same for the connections there are; new ones work: what a firewall does that forgot its state. */
  forgetConnections(): void;
  /** Every byte takes this much longer, each way (milliseconds). */
  slow(delayMs: number): void;
  /** Works again. What was swallowed stays so, and its connections are ended. */
  mend(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const [host = '', port = ''] = target.split(':');
  let mode: 'works' | 'cut' | 'stalled' = 'works';
  let delayMs = 0;
  const sockets = new Set<Socket>();
  const forgotten = new WeakSet<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket
      .setNoDelay(true)
      .on('error', () => socket.destroy())
      .on('close', () => sockets.delete(socket));
  };
  const endAll = (which: (socket: Socket) => boolean): void => {
    for (const socket of sockets) if (which(socket)) socket.destroy();
  };
  const forward = (from: Socket, to: Socket): void => {
    let before: Promise<unknown> = Promise.resolve();
    from.on('data', (bytes) => {
      if (forgotten.has(from) || mode === 'stalled') return void forgotten.add(from);
      if (delayMs === 0 && !from.isPaused()) return void before.then(() => to.write(bytes));
      const due = sleep(delayMs);
      before = before.then(() => due).then(() => to.write(bytes));
    });
    from.on('close', () => void before.then(() => to.destroy()));
  };
  const server = createServer((client) => {
    track(client);
    if (mode === 'cut') return void client.destroy();
    const upstream = track(connect(Number(port), host));
    forward(client, upstream);
    forward(upstream, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      mode = 'cut';
      endAll(() => true);
    },
    stall() {
      mode = 'stalled';
    },
    forgetConnections() {
      for (const socket of sockets) forgotten.add(socket);
    },
    slow(ms) {
      delayMs = ms;
    },
    mend() {
      mode = 'works';
      delayMs = 0;
      endAll((socket) => forgotten.has(socket));
    },
    async close() {
      endAll(() => true);
      server.close();
      await once(server, 'close');
    },
  };
}
