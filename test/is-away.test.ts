import { status } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { ServiceError } from '@temporalio/client';
import { isAway } from '../src/is-away.ts';

const grpc = (code: number, details = '') =>
  new ServiceError('failed', { cause: Object.assign(new Error('grpc'), { code, details, metadata: {} }) });
const coded = (code: string) => Object.assign(new Error('failed'), { code });

test.each([
  ['temporal', 'UNAVAILABLE', grpc(status.UNAVAILABLE), true],
  ['temporal', 'RESOURCE_EXHAUSTED', grpc(status.RESOURCE_EXHAUSTED), true],
  ['temporal', 'PERMISSION_DENIED', grpc(status.PERMISSION_DENIED), false],
  ['temporal', 'NOT_FOUND', grpc(status.NOT_FOUND), false],
  ['temporal', 'INVALID_ARGUMENT', grpc(status.INVALID_ARGUMENT), false],
  [
    'temporal',
    'a run full of signals',
    grpc(status.INVALID_ARGUMENT, 'exceeded workflow execution limit for signal events'),
    true,
  ],
  ['temporal', 'a defect', new TypeError('undefined is not a function'), false],
  ['postgres', 'a refused connection', coded('ECONNREFUSED'), true],
  ['postgres', 'one refused by each address', new AggregateError([coded('ECONNREFUSED'), coded('ENETDOWN')]), true],
  ['postgres', 'too many connections', coded('53300'), true],
  ['postgres', 'a shutdown', coded('57P01'), true],
  ['postgres', 'a standby', coded('25006'), true],
  ['postgres', 'a pool that gave up waiting', new Error('timeout exceeded when trying to connect'), true],
  ['postgres', 'a violated constraint', coded('23505'), false],
  ['postgres', 'a wrong statement', coded('42601'), false],
  ['postgres', 'nothing at all', null, false],
] as const)('%s: %s', (part, _what, error, expected) => {
  expect(isAway(part, error)).toBe(expected);
});
