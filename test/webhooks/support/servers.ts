import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { generate } from 'selfsigned';

/** A server on loopback that counts what reaches it. */
export interface LocalServer {
  port: number;
  connections: number;
  /** Of these, how many have ended. */
  closed: number;
  close(): Promise<void>;
}

const listening = async (server: Server, host: string): Promise<LocalServer> => {
  const sockets = new Set<Socket>();
  const local: LocalServer = {
    port: 0,
    connections: 0,
    closed: 0,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('connection', (socket: Socket) => {
    local.connections += 1;
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      local.closed += 1;
    });
    socket.on('error', () => {});
  });
  server.listen(0, host);
  await once(server, 'listening');
  local.port = (server.address() as AddressInfo).port;
  return local;
};

export const startHttp = (listener: RequestListener): Promise<LocalServer> =>
  listening(createHttpServer({ requestTimeout: 0 }, listener), '127.0.0.1');

export const startHttps = (certificate: Certificate, listener: RequestListener): Promise<LocalServer> =>
  listening(createHttpsServer(certificate, listener), '127.0.0.1');

/** Every address of this machine, v6 ones too where there are any. */
export const startTcp = (onConnection: (socket: Socket) => void, host = '127.0.0.1'): Promise<LocalServer> =>
  listening(createTcpServer(onConnection), host);

/** What is written to its sockets goes out encrypted. */
export const startTls = (certificate: Certificate, onSecure: (socket: Socket) => void): Promise<LocalServer> =>
  listening(createTlsServer(certificate, onSecure), '127.0.0.1');

export interface Certificate {
  key: string;
  cert: string;
}

/** A self-signed certificate for `names`; trust it by giving it as `ca`. */
export async function makeCertificate(names: string[], daysFromNow: [number, number] = [-1, 1]): Promise<Certificate> {
  const [notBeforeDate, notAfterDate] = daysFromNow.map((days) => new Date(Date.now() + days * 86_400_000));
  const { private: key, cert } = await generate([{ name: 'commonName', value: names[0] ?? '' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...(notBeforeDate && notAfterDate ? { notBeforeDate, notAfterDate } : {}),
    extensions: [{ name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) }],
  });
  return { key, cert };
}
