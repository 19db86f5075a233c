import { Link } from '@tanstack/react-router';
import type { Delivery } from '../../api/client.ts';
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
      {status === 'retrying' && (
        <div className="muted">
          After the last attempt of the schedule it is abandoned, and the endpoint is paused unless it had a success
          since the first attempt.
        </div>
      )}
    </Notice>
  );
}

const tones: Record<string, Tone> = { retrying: 'warn', pending: 'info', delivering: 'info', held: undefined };
const fallback: Record<string, string> = {
  pending: 'It waits for its turn.',
  retrying: 'It is tried again by the schedule.',
  held: 'It is held until the endpoint is resumed.',
};
