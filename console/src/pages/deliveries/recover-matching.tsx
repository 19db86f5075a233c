import { useQuery } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '../../api/client.ts';
import { endpointsQuery } from '../../api/queries.ts';
import { useAction } from '../../app/action.ts';
import { counted } from '../../app/counts.ts';
import type { DeliveryFilter } from '../../app/search.ts';
import { Button } from '../../components/button.tsx';
import { Confirm, Dialog } from '../../components/dialog.tsx';
import { Failed, Loading } from '../../components/page.tsx';
import { RecoveryProgress } from '../../components/recovery-progress.tsx';

interface Props {
  organizationId: string;
  filter: DeliveryFilter;
  onClose: () => void;
}

type Recovery = Schemas['StartedBulkRecovery'];

/** Recovers the abandoned deliveries that the list's filter matches: counts them, asks, and shows how far it is. */
export function RecoverMatching({ organizationId, filter, onClose }: Props) {
  const { event, endpoint_id, lead_id, since: created_since, until: created_until } = filter;
  const narrowed = Object.entries({ event, endpoint_id, lead_id, created_since, created_until }).filter(
    ([, value]) => value !== undefined,
  );
  const body = Object.fromEntries(narrowed);
  const ask = (dry_run: boolean) =>
    unwrap(
      api.POST('/v1/organizations/{organizationId}/deliveries/recover', {
        params: { path: { organizationId } },
        body: { ...body, dry_run },
      }),
    );
  const count = useQuery({ queryKey: ['recoverable', organizationId, body], queryFn: () => ask(true), gcTime: 0 });
  const recover = useAction({
    run: () => ask(false),
    refresh: [organizationId],
    done: begunWords,
    failed: 'No recovery',
  });
  if (recover.data !== undefined)
    return <Begun organizationId={organizationId} recovery={recover.data} onClose={onClose} />;
  const found = count.data?.count ?? 0;
  return (
    <Confirm
      open
      onClose={onClose}
      title="Recover abandoned deliveries"
      action={found === 0 ? 'Nothing to recover' : `Recover ${counted(found, 'delivery', 'deliveries')}`}
      busy={found === 0 || recover.isPending}
      onConfirm={() => recover.mutate()}
    >
      {count.error ? (
        <Failed error={count.error} />
      ) : count.data === undefined ? (
        <Loading rows={2} />
      ) : (
        <Counted organizationId={organizationId} recovery={count.data} isFiltered={narrowed.length > 0} />
      )}
    </Confirm>
  );
}

function begunWords({ count, endpoints }: Recovery): string {
  const failed = endpoints.filter(({ status }) => status === 'failed').length;
  if (failed > 0) return `The recovery has not begun at ${counted(failed, 'endpoint', 'endpoints')}: try again there`;
  if (count > 0) return `The recovery of ${counted(count, 'delivery', 'deliveries')} has begun`;
  return endpoints.length > 0 ? 'No new recovery: one is running already' : 'No recovery: nothing was left to recover';
}

function Counted({
  organizationId,
  recovery,
  isFiltered,
}: {
  organizationId: string;
  recovery: Recovery;
  isFiltered: boolean;
}) {
  const what = isFiltered ? 'that the filter matches' : 'of this organization';
  if (recovery.count === 0)
    return (
      <p>Nothing {what} can be recovered. What was skipped, erased or went with a deleted endpoint stays abandoned.</p>
    );
  return (
    <>
      <p>
        <strong>{counted(recovery.count, 'delivery', 'deliveries')}</strong> {what} will be sent again: per lead in
        order, by the whole retry schedule, held while an endpoint is paused. What was skipped, erased or went with a
        deleted endpoint stays abandoned.
      </p>
      <Endpoints organizationId={organizationId} recovery={recovery} />
    </>
  );
}

/** What was begun goes on by itself; the dialog shows how far it is for as long as it is open. */
const Begun = ({ organizationId, recovery, onClose }: Omit<Props, 'filter'> & { recovery: Recovery }) => (
  <Dialog open onClose={onClose} title={recovery.count > 0 ? 'Recovery begun' : 'No new recovery'}>
    <p>What is running goes on when this is closed. Each endpoint's page shows how far it is.</p>
    <Endpoints organizationId={organizationId} recovery={recovery} />
    <div className="dialog-actions">
      <Button kind="primary" onClick={onClose}>
        Close
      </Button>
    </div>
  </Dialog>
);

function Endpoints({ organizationId, recovery }: { organizationId: string; recovery: Recovery }) {
  const endpoints = useQuery(endpointsQuery(organizationId));
  const urlOf = new Map(endpoints.data?.data.map(({ id, url }) => [id, url]));
  return (
    <ul className="small stack-small">
      {recovery.endpoints.map(({ endpoint_id, count, status, job_id }) => (
        <li key={endpoint_id}>
          <div className="row spread">
            <span className="truncate">{urlOf.get(endpoint_id) ?? endpoint_id}</span>
            {status === 'counted' && <span className="numeric">{count}</span>}
            {status === 'already_running' && <span className="muted">one runs there already</span>}
            {status === 'failed' && <span className="muted">not begun: the service was not available</span>}
          </div>
          {job_id !== null && <RecoveryProgress organizationId={organizationId} jobId={job_id} />}
        </li>
      ))}
    </ul>
  );
}
