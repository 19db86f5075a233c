import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, unwrap } from '../../api/client.ts';
import { endpointsQuery } from '../../api/queries.ts';
import { useAction } from '../../app/action.ts';
import { counted } from '../../app/counts.ts';
import type { DeliveryFilter } from '../../app/search.ts';
import { Confirm } from '../../components/dialog.tsx';
import { Failed, Loading } from '../../components/page.tsx';
import { At } from '../../components/time.tsx';

const monthMs = 30 * 86_400_000;

interface Props {
  organizationId: string;
  filter: DeliveryFilter;
  onClose: () => void;
}

/** Recovers what the filter's endpoint and time select: counts at each endpoint, then asks. */
export function RecoverMatching({ organizationId, filter, onClose }: Props) {
  const [opened] = useState(() => Date.now());
  const { endpoint_id, until } = filter;
  const since = filter.since ?? new Date(opened - monthMs).toISOString();
  const range = { since, ...(endpoint_id !== undefined && { endpoint_id }), ...(until !== undefined && { until }) };
  const ask = (dry_run: boolean) =>
    unwrap(
      api.POST('/v1/organizations/{organizationId}/deliveries/recover', {
        params: { path: { organizationId } },
        body: { ...range, dry_run },
      }),
    );
  const count = useQuery({ queryKey: [organizationId, 'recoverable', range], queryFn: () => ask(true) });
  const endpoints = useQuery(endpointsQuery(organizationId));
  const urlOf = new Map(endpoints.data?.data.map(({ id, url }) => [id, url]));
  const recover = useAction({
    run: () => ask(false),
    refresh: [organizationId],
    done: ({ count: begun }) => `The recovery of ${counted(begun, 'delivery', 'deliveries')} has begun`,
    failed: 'No recovery',
    onDone: onClose,
  });
  const isNarrower = filter.event !== undefined || filter.lead_id !== undefined;
  const found = count.data?.count ?? 0;
  return (
    <Confirm
      open
      onClose={onClose}
      title="Recover abandoned deliveries"
      action={`Recover ${counted(found, 'delivery', 'deliveries')}`}
      busy={found === 0 || recover.isPending}
      onConfirm={() => recover.mutate()}
    >
      {count.error ? (
        <Failed error={count.error} />
      ) : count.data === undefined ? (
        <Loading rows={2} />
      ) : (
        <>
          <p>
            <strong>{counted(found, 'delivery', 'deliveries')}</strong> abandoned since <At at={since} /> can be sent
            again, per lead in order, by the whole retry schedule.
          </p>
          <ul className="small">
            {count.data.endpoints.map((one) => (
              <li key={one.endpoint_id} className="row spread">
                <span className="truncate">{urlOf.get(one.endpoint_id) ?? one.endpoint_id}</span>
                <span className="numeric">{one.count}</span>
              </li>
            ))}
          </ul>
          {isNarrower && (
            <p className="muted">
              A recovery keeps the order of each lead, so it takes all events of an endpoint, not one kind or one lead
              alone.
            </p>
          )}
        </>
      )}
    </Confirm>
  );
}
