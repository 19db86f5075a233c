import { expect, test } from '@jest/globals';
import { readEndpointUrl } from '../../src/webhooks/endpoint-url.ts';

/** The form that is stored, or the message of the refusal. */
const read = (text: string): string => {
  const found = readEndpointUrl(text);
  return found.ok ? found.url.href : found.message;
};

test.each([
  ['https://h.test', 'https://h.test/'],
  [' https://h.test/x ', 'https://h.test/x'],
  ['\r\n\thttps://h.test/x\n', 'https://h.test/x'],
  ['\u00a0https://h.test/x\ufeff', 'https://h.test/x'],
  ['HTTPS://H.TEST/Path?Q=1', 'https://h.test/Path?Q=1'],
  ['https://h.test:443/x', 'https://h.test/x'],
  ['https://h.test:/x', 'https://h.test/x'],
  ['https://h.test:08443/x', 'https://h.test:8443/x'],
  ['http://h.test:80/x', 'http://h.test/x'],
  ['https://h.test:80/x', 'https://h.test:80/x'],
  ['https://bücher.test/ü', 'https://xn--bcher-kva.test/%C3%BC'],
  ['https://XN--BCHER-KVA.test/', 'https://xn--bcher-kva.test/'],
  ['https://ｈ.test/', 'https://h.test/'],
  ['https://h。test/', 'https://h.test/'],
  ['https://h.test./x', 'https://h.test/x'],
  ['https://h.test.:8443/x', 'https://h.test:8443/x'],
  ['https://h.test/a/../b/./c', 'https://h.test/b/c'],
  ['https://h.test/x?', 'https://h.test/x'],
  ['https://h.test?a=b', 'https://h.test/?a=b'],
  ['https://h.test/@x?mail=a@b', 'https://h.test/@x?mail=a@b'],
  ['https://0x7f.1/', 'https://127.0.0.1/'],
  ['https://[2606:2800:220:1:0:0:0:1]/', 'https://[2606:2800:220:1::1]/'],
])('%j is stored as %s, and that is read as itself', (text, stored) => {
  expect(read(text)).toBe(stored);
  expect(read(stored)).toBe(stored);
});

const blanks = 'must not contain blanks, line ends, control characters or backslashes';
const credentials = 'must not contain a user name or password';
test.each([
  ['https://h.test/a b', blanks],
  ['https://h .test/', blanks],
  ['https://h.test/\nx', blanks],
  ['ht\ttps://h.test/', blanks],
  ['https://h.te\tst/', blanks],
  ['https://h.test/\u0007', blanks],
  ['https:\\\\h.test', blanks],
  ['https:\\\\h.test\\x', blanks],
  ['https://h.test\\@other.test/', blanks],
  ['https:h.test', 'must start with https://'],
  ['https:/h.test', 'must start with https://'],
  ['https:///h.test', 'must start with https://'],
  ['https:////h.test', 'must start with https://'],
  ['mailto:a@h.test', 'must start with https://'],
  ['//h.test/', 'must be a valid URL'],
  ['//@h.test/', 'must be a valid URL'],
  ['h.test/x', 'must be a valid URL'],
  ['', 'must be a valid URL'],
  ['   ', 'must be a valid URL'],
  ['https://h.test:99999/', 'must be a valid URL'],
  ['https://@h.test/', credentials],
  ['https://:@h.test/', credentials],
  ['https://a%40b@h.test/', credentials],
  ['https://h.test/#x', 'must not contain a fragment (#…), which is never sent'],
  ['https://h.test/#', 'must not contain a fragment (#…), which is never sent'],
  [`https://h.test/${'ü'.repeat(400)}`, 'must have at most 2048 characters'],
])('%j is refused: %s', (text, message) => {
  expect(read(text)).toBe(message);
});
