import { randomBytes, randomUUID } from 'node:crypto';
import { signedHeaders, type SignedRequest } from '../../../src/webhooks/sign.ts';

export interface ContractRequest {
  /** As in the table of examples/receivers/CONTRACT.md. */
  says: string;
  headers: Record<string, string>;
  body: string;
  /** The status that the contract asks for. */
  status: 200 | 204 | 401;
}

export interface ContractRun {
  requests: ContractRequest[];
  /** What `/health` and `/gaps` say after all of them. */
  report: Report;
}

export interface Report {
  stored: number;
  missing: { subject: string; sequence: number }[];
  late: { event_id: string; subject: string; sequence: number; kind: 'late' }[];
}

export const aSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/**
 * The twenty requests of the contract, signed now by the service's own code, for a new lead and a new widget, to a
 * receiver that is configured with a secret and the next one.
 */
export function contractRun([current, next]: readonly [string, string]): ContractRun {
  const [foreign, widgetId, leadId] = [aSecret(), randomUUID(), randomUUID()];
  const one = (overrides: Partial<SignedRequest> = {}, extra: object = {}) =>
    signedEvent(leadId, current, overrides, extra);
  const first = one({ sequence: 1 });
  const second = one({ sequence: 2 }, { name: 'Zoë Ångström, 北京 🏠' });
  const refused = one({ sequence: 3 });
  const late = one({ sequence: 8 });
  const now = Math.floor(Date.now() / 1_000);
  const without = (pattern: RegExp, headers: Record<string, string>) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => !pattern.test(name)));
  const bySecondSchemeOnly = (event: Signed) => ({ ...event, headers: without(/^webhook-/, event.headers) });
  const byUnknownVersion = {
    ...refused,
    headers: {
      ...refused.headers,
      'webhook-signature': String(refused.headers['webhook-signature']).replace('v1', 'v2'),
    },
  };

  const requests: ContractRequest[] = [
    row('the first event of a lead, sequence 1', 204, first),
    row('sequence 2, with text beyond ASCII', 204, second),
    row('sequence 2 again: a retry, signed anew', 200, second.again({ attempt: 2, timestampSeconds: now + 60 })),
    row('a resend of sequence 1, which is stored', 200, first.again({ attempt: 2, resend: true })),
    row('one byte of the body changed', 401, {
      ...refused,
      body: refused.body.replace('lead.enriched', 'lead.enriches'),
    }),
    row('signed with a foreign secret', 401, refused.again({ secrets: { current: foreign, next: null } })),
    row('no signature', 401, { ...refused, headers: without(/signature/i, refused.headers) }),
    row('signed 6 minutes ago', 401, refused.again({ timestampSeconds: now - 360 })),
    row('signed 6 minutes ahead', 401, refused.again({ timestampSeconds: now + 360 })),
    row('an old signature under a fresh timestamp', 401, {
      ...refused,
      headers: { ...refused.again({ timestampSeconds: now - 3_600 }).headers, 'webhook-timestamp': String(now) },
    }),
    row('the right signature, under an unknown version', 401, byUnknownVersion),
    row(
      'rotation: a foreign signature listed first, then ours',
      204,
      one({ sequence: 3, secrets: { current: foreign, next: current } }),
    ),
    row(
      'rotation: signed with the next secret alone',
      204,
      one({ sequence: 4, secrets: { current: next, next: null } }),
    ),
    row('`X-Spark360-Signature` alone: a proxy dropped `webhook-…`', 204, bySecondSchemeOnly(one({ sequence: 5 }))),
    row(
      'the same, and only `X-Spark360-Signature-Next` is ours',
      204,
      bySecondSchemeOnly(one({ sequence: 6, secrets: { current: foreign, next } })),
    ),
    row('sequence 11: a gap, 7 to 10 are missing', 204, one({ sequence: 11 })),
    row('sequence 8 with a new id: late', 204, late),
    row('a resend of sequence 9, never seen before', 204, one({ sequence: 9, resend: true })),
    row('a test event, without a sequence', 204, one({ sequence: null, test: true })),
    row(
      'sequence 1 of a widget, 1 MiB long',
      204,
      signedEvent(
        null,
        current,
        { sequence: 1 },
        { widget: { widget_ref_id: widgetId }, filler: 'x'.repeat(1024 * 1024) },
      ),
    ),
  ];
  return {
    requests,
    report: {
      stored: requests.filter(({ status }) => status === 204).length,
      missing: [7, 10].map((sequence) => ({ subject: leadId, sequence })),
      late: [{ event_id: late.eventId, subject: leadId, sequence: 8, kind: 'late' }],
    },
  };
}

interface Signed {
  headers: Record<string, string>;
  body: string;
}

const row = (says: string, status: ContractRequest['status'], { headers, body }: Signed): ContractRequest => ({
  says,
  headers,
  body,
  status,
});

/** An event, signed as the service signs it; `again` signs the same event anew. */
export function signedEvent(
  leadId: string | null,
  secret: string,
  overrides: Partial<SignedRequest>,
  data: object = {},
) {
  const eventId = randomUUID();
  const content = { ...(leadId !== null && { lead_id: leadId }), ...data };
  const body = JSON.stringify({
    event: 'lead.enriched',
    event_id: eventId,
    timestamp: new Date().toISOString(),
    organization_id: randomUUID(),
    data: content,
  });
  const again = (changed: Partial<SignedRequest> = {}): Signed => ({
    body,
    headers: signedHeaders({
      body,
      eventId,
      event: 'lead.enriched',
      deliveryId: randomUUID(),
      attempt: 1,
      attemptId: randomUUID(),
      sequence: 1,
      secrets: { current: secret, next: null },
      timestampSeconds: Math.floor(Date.now() / 1_000),
      ...overrides,
      ...changed,
    }),
  });
  return { eventId, ...again(), again };
}
