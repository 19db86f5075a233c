import type { Delivery, Endpoint } from '../api/client.ts';
import type { Tone } from './page.tsx';

export const Badge = ({ tone, plain, children }: { tone?: Tone; plain?: boolean; children: string }) => (
  <span className="badge" data-tone={tone} data-plain={plain ? '' : undefined}>
    {children}
  </span>
);

const deliveryTones: Record<Delivery['status'], Tone> = {
  pending: 'info',
  delivering: 'info',
  retrying: 'warn',
  held: undefined,
  delivered: 'good',
  abandoned: 'bad',
};

export const DeliveryBadge = ({ delivery: { status, reason } }: { delivery: Pick<Delivery, 'status' | 'reason'> }) => (
  <Badge tone={deliveryTones[status]}>{reason === null ? status : `${status}: ${reason.replaceAll('_', ' ')}`}</Badge>
);

const pauseReasons: Record<string, string> = {
  manual: 'by hand',
  failing: 'a delivery failed five times',
  consecutive_failures: 'five deliveries abandoned in a row',
  gone: 'it answered 410 Gone',
  listener_lost: 'its listener went away',
};

/** Why an endpoint is paused, in words. */
export const pausedWords = (reason: string | null): string => (reason === null ? '' : (pauseReasons[reason] ?? reason));

export const EndpointBadge = ({ endpoint }: { endpoint: Pick<Endpoint, 'status' | 'paused_reason'> }) =>
  endpoint.status === 'active' ? (
    <Badge tone="good">active</Badge>
  ) : (
    <Badge tone={endpoint.paused_reason === 'manual' ? undefined : 'bad'}>paused</Badge>
  );

const stageTones: Record<string, Tone> = {
  new: 'info',
  waiting_for_details: 'info',
  waiting_for_enrichment: 'warn',
  enriched: 'good',
  contact_requested: 'good',
  complete: undefined,
  erased: undefined,
};

export const StageBadge = ({ stage }: { stage: string }) => (
  <Badge tone={stageTones[stage]}>{stage.replaceAll('_', ' ')}</Badge>
);
