import { expect, test } from '@jest/globals';
import { isLoopbackAddress, isPublicAddress } from '../../src/webhooks/address-guard.ts';

test.each([
  ['1.1.1.1', true],
  ['8.8.8.8', true],
  ['172.15.255.255', true],
  ['172.32.0.0', true],
  ['100.63.255.255', true],
  ['100.128.0.0', true],
  ['223.255.255.255', true],
  ['2001:4860:4860::8888', true],
  ['2a00:1450:4001:80f::200e', true],
  ['0.1.2.3', false],
  ['10.255.255.255', false],
  ['100.64.0.1', false],
  ['127.0.0.1', false],
  ['169.254.0.1', false],
  ['172.31.255.255', false],
  ['192.0.2.1', false],
  ['192.88.99.1', false],
  ['192.168.255.255', false],
  ['198.19.255.255', false],
  ['198.51.100.1', false],
  ['203.0.113.1', false],
  ['239.255.255.255', false],
  ['240.0.0.1', false],
  ['::', false],
  ['::1', false],
  ['::ffff:8.8.8.8', false],
  ['::8.8.8.8', false],
  ['64:ff9b::8.8.8.8', false],
  ['100::1', false],
  ['2001::1', false],
  ['2001:db8::1', false],
  ['2001:20::1', false],
  ['2002:808:808::1', false],
  ['3fff::1', false],
  ['fe80::1%eth0', false],
  ['fd12::1', false],
  ['ff0e::1', false],
  ['example.com', false],
  ['2130706433', false],
  ['', false],
])('%s is public: %s', (address, expected) => {
  expect(isPublicAddress(address)).toBe(expected);
});

test('loopback is 127.0.0.0/8 and ::1', () => {
  const candidates = ['127.0.0.1', '127.255.0.3', '::1', '128.0.0.1', '::ffff:127.0.0.1', '0.0.0.0', '::'];
  expect(candidates.filter(isLoopbackAddress)).toEqual(['127.0.0.1', '127.255.0.3', '::1']);
});
