import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { createLog } from '../src/log.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown> {
  let text = '';
  const sink = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  write(createLog({ logLevel: 'info' }, 'worker', sink));
  return JSON.parse(text) as Record<string, unknown>;
}

test('a line is one JSON object with level, time and role', () => {
  expect(logged((log) => log.info({ event_id: 'e1', attempt: 2 }, 'attempt'))).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    role: 'worker',
    event_id: 'e1',
    attempt: 2,
    msg: 'attempt',
  });
});

test('secrets, bodies and personal data are taken out, also two levels down', () => {
  const line = logged((log) =>
    log.info(
      {
        secret: 'S1',
        request: { headers: { authorization: 'S2' }, body: 'S3' },
        a: { b: { email: 'S4' } },
        contact: { phone: 'S5' },
      },
      'x',
    ),
  );
  expect(JSON.stringify(line)).not.toMatch(/S\d/);
});

test('an error is written with its causes, without the row that a database puts into its detail', () => {
  const cause = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (email)=(ada@example.com)' });
  const line = logged((log) => log.error({ err: new Error('not stored', { cause }) }, 'x'));
  expect(line.err).toMatchObject({
    type: 'Error',
    message: 'not stored',
    cause: { message: 'duplicate key', code: '23505' },
  });
  expect(JSON.stringify(line)).not.toContain('ada@example.com');
});
