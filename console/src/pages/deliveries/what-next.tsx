import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';
import { utcAfter } from '../../../../src/domain/waiting-for.ts';
import type { Delivery } from '../../api/client.ts';
import { deliveryPolicyQuery } from '../../api/delivery-queries.ts';
import { counted } from '../../app/counts.ts';
import { Notice, type Tone } from '../../components/page.tsx';
import { ago, At, useNow } from '../../components/time.tsx';
import { reasonWords } from './words.ts';

/** What became of a delivery, or what happens next and when; the service's own sentence where it gives one. */
export function WhatNext({ organizationId, delivery }: { organizationId: string; delivery: Delivery }) {
  const now = useNow(1_000);
  const { status, reason, attempts, delivered_at, next_attempt_at } = delivery;
  const tried = counted(attempts.length, 'attempt', 'attempts');
  if (status === 'delivered') {
    return (
      <Notice tone="good">
        <strong>Delivered</strong> at <At at={delivered_at} />, after {tried}. Nothing more happens; it can be sent
        again by hand.
      </Notice>
    );
  }
  if (status === 'abandoned') {
    return (
      <Notice tone="bad">
        <strong>Abandoned after {tried}.</strong> {reason !== null && reasonWords(reason)}
      </Notice>
    );
  }
  const waiting = delivery.waiting_for;
  const until = waiting?.until ?? next_attempt_at;
  return (
    <Notice tone={tones[status]}>
      <strong>{status === 'delivering' ? 'An attempt is under way.' : (waiting?.sentence ?? fallback[status])}</strong>{' '}
      {until !== null && until !== undefined && <>({ago(new Date(until).getTime(), now)}) </>}
      {waiting?.delivery_id !== undefined && (
        <Link
          to="/organizations/$organizationId/deliveries/$deliveryId"
          params={{ organizationId, deliveryId: waiting.delivery_id }}
        >
          See the delivery it waits for
        </Link>
      )}
      {status === 'retrying' && <IfItFails delivery={delivery} />}
    </Notice>
  );
}

/** The attempts after the next one, and what comes after the last. */
function IfItFails({ delivery: { waiting_for, next_attempt_at } }: { delivery: Delivery }) {
  const { data } = useQuery(deliveryPolicyQuery());
  const { attempt, attempts } = waiting_for ?? {};
  if (data === undefined || next_attempt_at === null || attempt === undefined || attempts === undefined) return null;
  // After a recovery the numbers go on while the schedule begins anew.
  const left = data.retry_schedule_seconds.slice(data.retry_schedule_seconds.length - (attempts - attempt));
  let at = Date.parse(next_attempt_at);
  const later = left.map((seconds) => {
    at += seconds * 1_000;
    return at;
  });
  return (
    <div className="muted">
      If it fails{later.length > 0 ? ': again at about ' : ', '}
      {later.map((moment, index) => (
        <Fragment key={moment}>
          {index > 0 && ', '}
          <time dateTime={new Date(moment).toISOString()}>
            {utcAfter(moment, later[index - 1] ?? Date.parse(next_attempt_at))}
          </time>
        </Fragment>
      ))}
      {later.length > 0 && ' UTC; then '}
      it is abandoned, and the endpoint is paused unless it had a success since the first attempt.
    </div>
  );
}

const tones: Record<string, Tone> = { retrying: 'warn', pending: 'info', delivering: 'info', held: undefined };
const fallback: Record<string, string> = {
  pending: 'It waits for its turn.',
  retrying: 'It is tried again by the schedule.',
  held: 'It is held until the endpoint is resumed.',
};
