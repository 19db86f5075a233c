import { createSocket } from 'node:dgram';
import { promises as dns } from 'node:dns';
import { once } from 'node:events';
import ipaddr from 'ipaddr.js';
import type { Resolve } from '../../../src/webhooks/resolve.ts';

/**
 * What a name has: addresses of both families, nothing (NXDOMAIN),
 * or no answer at all. `question` counts from 1, per name and type.
 */
export type Zone = (name: string, question: number, type: 'A' | 'AAAA') => string[] | null | 'silent';

export interface DnsStub {
  /** `address:port` of the server. */
  address: string;
  resolve: Resolve;
  questions: string[];
  close(): Promise<void>;
}

const typeA = 1;
const typeAAAA = 28;

/** A real name server on loopback, over UDP (RFC 1035), and a resolver that asks it. */
export async function startDns(zone: Zone): Promise<DnsStub> {
  const questions: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const { name, type, end } = readQuestion(message);
    const kind = type === typeA ? 'A' : 'AAAA';
    questions.push(`${kind} ${name}`);
    const found = zone(name, questions.filter((question) => question === questions.at(-1)).length, kind);
    if (found === 'silent') return;
    const addresses = (found ?? []).filter((address) => address.includes(':') === (type === typeAAAA));
    socket.send(answer(message.subarray(0, end), addresses, found === null), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');

  const resolver = new dns.Resolver({ timeout: 2_000, tries: 1 });
  const address = `127.0.0.1:${socket.address().port}`;
  resolver.setServers([address]);
  return {
    address,
    resolve: async (hostname) => {
      const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
      if (v4.status === 'rejected' && v6.status === 'rejected') throw v4.reason;
      return [
        ...(v4.status === 'fulfilled' ? v4.value.map((address) => ({ address, family: 4 })) : []),
        ...(v6.status === 'fulfilled' ? v6.value.map((address) => ({ address, family: 6 })) : []),
      ];
    },
    questions,
    async close() {
      resolver.cancel();
      socket.close();
      await once(socket, 'close');
    },
  };
}

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** Repeats the question, then one record an address; time to live 0. */
function answer(question: Buffer, addresses: string[], unknown: boolean): Buffer {
  const header = Buffer.from(question);
  header.writeUInt16BE(unknown ? 0x8183 : 0x8180, 2); // A response, recursion available; code 3 is NXDOMAIN.
  header.writeUInt16BE(addresses.length, 6);
  header.writeUInt32BE(0, 8); // The resolver's own extras (EDNS) are not repeated.
  return Buffer.concat([header, ...addresses.map(record)]);
}

function record(address: string): Buffer {
  const data = Buffer.from(ipaddr.parse(address).toByteArray());
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0); // The name is the question's.
  head.writeUInt16BE(data.length === 4 ? typeA : typeAAAA, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
