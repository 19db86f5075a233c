import { expect, test } from '@jest/globals';
import { senderAddress } from '../../src/mail/sender.ts';

test.each([
  ['smtp://mail.example?from=hooks@spark.example', 'https://events.example', 'hooks@spark.example'],
  ['smtps://u%40mail.example:pw@mail.example', 'https://events.example', 'u@mail.example'],
  ['smtp://user:pw@mail.example', 'https://events.example:8443/x', 'no-reply@events.example'],
  ['smtp://mail.example', undefined, 'no-reply@localhost'],
  [undefined, 'http://127.0.0.1:8080', 'no-reply@localhost'],
  [undefined, 'http://[::1]:8080', 'no-reply@localhost'],
])('with SMTP_URL %s and PUBLIC_URL %s mails come from %s', (smtpUrl, publicUrl, expected) => {
  expect(senderAddress({ smtpUrl, publicUrl })).toBe(expected);
});
