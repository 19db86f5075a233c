import { expect, test } from '@jest/globals';
import { isMailAddress, needsSmtpUtf8 } from '../../src/mail/address.ts';

test.each([
  ['owner@acme.example', true, false],
  ["o'neill+hooks@mail.acme.example", true, false],
  ['jörg@example.com', true, true],
  ['info@bücher.example', true, false],
  ['用户@例子.公司', true, true],
  ['अजय@डाटा.भारत', true, true],
  ['a@xn--bcher-kva.example', true, false],
  ['owner', false, false],
  ['@acme.example', false, false],
  ['owner@', false, false],
  ['owner@localhost', false, false],
  ['owner@127.0.0.1', false, false],
  ['owner@[127.0.0.1]', false, false],
  ['two@at@acme.example', false, false],
  ['.owner@acme.example', false, false],
  ['own..er@acme.example', false, false],
  ['"quoted one"@acme.example', false, false],
  ['own er@acme.example', false, false],
  ['owner@acme example.com', false, false],
  ['owner\r\nbcc:x@acme.example', false, false],
  ['owner\u202e@acme.example', false, false],
  ['Owner <owner@acme.example>', false, false],
  ['owner@-acme.example', false, false],
  [`${'ö'.repeat(33)}@acme.example`, false, true],
])('%j is an address: %s, and needs SMTPUTF8: %s', (text, isAddress, isInternational) => {
  expect(isMailAddress(text)).toBe(isAddress);
  if (text.includes('@'))
    expect(needsSmtpUtf8(text)).toBe(isInternational || /[^\p{ASCII}]/u.test(text.split('@')[0] ?? ''));
});
