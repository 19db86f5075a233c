import { expect, test } from '@jest/globals';
import { digestMail } from '../../src/mail/digest-mail.ts';
import { type EndpointFailure, pausedMail, warningMail } from '../../src/mail/endpoint-mails.ts';
import { excerpt, formatDuration } from '../../src/mail/format.ts';

const hour = 3_600_000;
const publicUrl = 'https://events.spark360.example';

const organizationId = '33333333-3333-4333-8333-333333333333';
const failure = (overrides: Partial<EndpointFailure> = {}): EndpointFailure => ({
  organizationId,
  endpointId: '11111111-1111-4111-8111-111111111111',
  url: 'https://hooks.partner.example:8443/spark/in?token=s3cr3t#part',
  event: 'lead.enriched',
  deliveryId: '22222222-2222-4222-8222-222222222222',
  attempt: 4,
  response: {
    startedAt: new Date('2026-11-20T14:02:07.321Z'),
    statusCode: 503,
    body: 'Service Unavailable',
    error: null,
  },
  ...overrides,
});

test('the warning says where, what was answered, that a pause may come in about 4 hours, and where to look', () => {
  const mail = warningMail(failure(), 4 * hour, publicUrl);
  expect(mail.subject).toBe('Webhook endpoint failing: hooks.partner.example:8443');
  for (const form of [mail.text, mail.html.replaceAll('&gt;', '>')]) {
    expect(form).toContain('https://hooks.partner.example:8443/spark/in');
    expect(form).toContain('may be paused in about 4 hours');
    expect(form).toContain('lead.enriched');
    expect(form).toContain('22222222-2222-4222-8222-222222222222');
    expect(form).toContain('4, at 2026-11-20 14:02:07 UTC');
    expect(form).toContain('HTTP 503');
    expect(form).toContain('Service Unavailable');
    expect(form).toContain('Settings > Webhooks');
    expect(form).toContain(
      `${publicUrl}/console/organizations/${organizationId}/webhooks/11111111-1111-4111-8111-111111111111`,
    );
  }
});

test('the query of the URL, where partners put tokens, is in neither form', () => {
  for (const { text, html } of [warningMail(failure(), hour, publicUrl), pausedMail(failure(), 'failing', publicUrl)]) {
    expect(text + html).not.toMatch(/s3cr3t|token=|#part/);
  }
});

test.each([
  ['failing', /Attempt 5, the last one of a delivery, failed/],
  ['consecutive_failures', /Five deliveries in a row were abandoned/],
  ['gone', /answered 410 Gone/],
] as const)('the abandonment mail says that the endpoint is paused, and why: %s', (reason, words) => {
  const { subject, text, html } = pausedMail(failure({ attempt: 5 }), reason, publicUrl);
  expect(subject).toBe('Webhook endpoint paused: hooks.partner.example:8443');
  for (const form of [text, html]) {
    expect(form).toMatch(words);
    expect(form).toContain('was abandoned, and the endpoint is paused');
  }
});

test('an attempt without an answer shows its error class and sentence', () => {
  const response = {
    startedAt: new Date(0),
    statusCode: null,
    body: null,
    error: { class: 'dns', message: 'The host name does not resolve.' },
  };
  const { text } = warningMail(failure({ response }), hour, undefined);
  expect(text).toContain('Response: none (dns): The host name does not resolve.');
  expect(text).not.toContain('Response body');
});

test('an attempt and a delivery that are no longer kept are said to be so', () => {
  const { text } = pausedMail(failure({ response: null, event: null }), 'failing', undefined);
  expect(text).toContain('Response: no longer kept');
  expect(text).not.toContain('Event:');
});

test('without PUBLIC_URL the place is named, and nothing is a link', () => {
  const { text, html } = warningMail(failure(), hour, undefined);
  expect(text).toContain('Settings > Webhooks');
  expect(html).toContain('Settings &gt; Webhooks');
  expect(html).not.toContain('href');
});

test('HTML in a response body, an event or a URL stays text, and closes no attribute', () => {
  const body = `</pre><script>alert(1)</script><img src="https://evil.example/x.png" onerror='x'>&amp;`;
  const { html, text } = warningMail(
    failure({
      url: `https://partner.example/"><b>'`,
      event: '<i>lead</i>',
      response: { startedAt: new Date(0), statusCode: 500, body, error: null },
    }),
    hour,
    `https://events.example/"onmouseover="x`,
  );
  expect(html).not.toMatch(/<script|<img|<i>|<b>/);
  expect(html).toContain('&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(html).toContain('&amp;amp;');
  expect(html).not.toMatch(/"onmouseover="/);
  expect(text).toContain(body);
});

test('neither form has anything that a mail program would fetch', () => {
  const { html } = warningMail(failure(), hour, publicUrl);
  expect(html).not.toMatch(/<(img|link|script|iframe|style)\b|url\(|src=|@import/i);
});

test('the lines of a response body are quoted in the text, so that they cannot pass for ours', () => {
  const body = 'first\r\nYour password has expired: https://evil.example';
  const response = { startedAt: new Date(0), statusCode: 500, body, error: null };
  const { text } = warningMail(failure({ response }), hour, publicUrl);
  expect(text).toContain('> first\n> Your password has expired');
});

test('of a response body 500 characters are shown, none cut in half, no control or direction marks', () => {
  expect(excerpt('😀'.repeat(600), 500)).toBe(`${'😀'.repeat(500)}…`);
  expect(excerpt('x'.repeat(500), 500)).toBe('x'.repeat(500));
  expect(excerpt('a\u0000b\u001b[31m\u202ec\td\r\ne\ud800f', 100)).toBe('a\ufffdb\ufffd[31m\ufffdc\td\ne\ufffdf');
  const response = { startedAt: new Date(0), statusCode: 500, body: 'y'.repeat(4_096), error: null };
  const { text, html } = warningMail(failure({ response }), hour, publicUrl);
  for (const form of [text, html]) expect(form.match(/y{20,}/g)).toEqual(['y'.repeat(500)]);
});

test.each([
  [4 * hour, '4 hours'],
  [hour, '1 hour'],
  [90 * 60_000, '90 minutes'],
  [60_000, '1 minute'],
  [2_000, '2 seconds'],
  [1_500, '2 seconds'],
  [200, 'a moment'],
  [24 * hour, '1 day'],
  [36 * hour, '36 hours'],
])('%d ms are said as %s', (ms, words) => {
  expect(formatDuration(ms)).toBe(words);
});

const lead = (index: number, waitingSince = Date.parse('2026-11-19T08:00:00Z') + index * 60_000) => ({
  leadId: `33333333-3333-4333-8333-${String(index).padStart(12, '0')}`,
  waitingSince,
});

test('the digest names leads and since when they wait, the longest wait first, and where to look', () => {
  const { subject, text, html } = digestMail(organizationId, [lead(2), lead(1)], 0, publicUrl);
  expect(subject).toBe('2 leads wait for their enrichment');
  expect(text).toContain(
    `${lead(1).leadId}: waiting since 2026-11-19 08:01:00 UTC\n${lead(2).leadId}: waiting since 2026-11-19 08:02:00 UTC`,
  );
  expect(html).toContain(lead(1).leadId);
  expect(text).toContain(`${publicUrl}/console/organizations/${organizationId}/leads?stage=waiting_for_enrichment`);
});

test('a digest of one lead says so, one of many names a hundred and counts the rest', () => {
  expect(digestMail(organizationId, [lead(1)], 0, undefined).subject).toBe('A lead waits for its enrichment');
  const { subject, text } = digestMail(
    organizationId,
    Array.from({ length: 150 }, (_, index) => lead(index)),
    7,
    undefined,
  );
  expect(subject).toBe('157 leads wait for their enrichment');
  expect(text.match(/waiting since/g)).toHaveLength(100);
  expect(text).toContain('and: 57 more');
});
