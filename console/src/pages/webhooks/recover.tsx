import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, unwrap } from '../../api/client.ts';
import { useAction } from '../../app/action.ts';
import { counted } from '../../app/counts.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { Failed, Loading } from '../../components/page.tsx';
import { Select } from '../../components/select.tsx';
import type { EndpointDialogProps } from './endpoint-actions.tsx';

const hourMs = 3_600_000;
const spans = [
  { value: '1', label: 'the last hour' },
  { value: '6', label: 'the last 6 hours' },
  { value: '24', label: 'the last 24 hours' },
  { value: '168', label: 'the last 7 days' },
  { value: '720', label: 'the last 30 days' },
];

/** Sends again all that was abandoned since a time: range, count, confirm, progress. */
export function Recover({ organizationId, endpoint, onClose }: EndpointDialogProps) {
  const [opened] = useState(() => Date.now());
  const [hours, setHours] = useState('24');
  const since = new Date(opened - Number(hours) * hourMs).toISOString();
  const path = { params: { path: { organizationId, endpointId: endpoint.id } } };
  const count = useQuery({
    queryKey: [organizationId, 'recoverable', endpoint.id, since],
    queryFn: () =>
      unwrap(
        api.POST('/v1/organizations/{organizationId}/endpoints/{endpointId}/recover', {
          ...path,
          body: { since, dry_run: true },
        }),
      ),
  });
  const recover = useAction({
    run: () =>
      unwrap(
        api.POST('/v1/organizations/{organizationId}/endpoints/{endpointId}/recover', { ...path, body: { since } }),
      ),
    refresh: [organizationId],
    done: 'The recovery has begun',
    failed: 'No recovery',
    onDone: onClose,
  });
  const found = count.data?.count ?? 0;
  return (
    <Dialog open onClose={onClose} title="Recover abandoned deliveries">
      <Field label="Abandoned in">
        <Select label="Abandoned in" value={hours} options={spans} onChange={setHours} />
      </Field>
      {count.error ? (
        <Failed error={count.error} />
      ) : count.data === undefined ? (
        <Loading rows={1} />
      ) : (
        <p role="status">
          <strong>{found === 0 ? 'No delivery' : counted(found, 'delivery', 'deliveries')}</strong>{' '}
          {found === 0
            ? 'was abandoned here in that time that could be sent again.'
            : 'will be sent again: per lead in order, by the whole retry schedule.'}{' '}
          What was skipped, erased or went with a deleted endpoint stays as it is.
        </p>
      )}
      {endpoint.status === 'paused' && (
        <p className="muted">The endpoint is paused: they are held until you resume it.</p>
      )}
      <div className="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" disabled={found === 0 || recover.isPending} onClick={() => recover.mutate()}>
          {found === 0 ? 'Nothing to recover' : `Recover ${counted(found, 'delivery', 'deliveries')}`}
        </Button>
      </div>
    </Dialog>
  );
}
