import { Writable } from 'node:stream';
import { createLog, type Log } from '../../src/log.ts';

/** A log as the service writes it, kept to be searched. */
export function keptLog(): { log: Log; text(): string } {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
  return { log: createLog({ logLevel: 'debug' }, 'test', destination), text: () => lines.join('') };
}
