import { useState } from 'react';
import { api, unwrap } from '../../api/client.ts';
import { useAction } from '../../app/action.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { Select } from '../../components/select.tsx';
import type { EndpointDialogProps } from './endpoint-actions.tsx';
import { NewSecret } from './new-secret.tsx';

const overlaps = [
  { value: '0', label: 'none: the old secret ends now' },
  { value: '3600', label: '1 hour' },
  { value: '86400', label: '24 hours' },
  { value: '604800', label: '7 days' },
];

/** Makes a new secret; during the overlap both sign, so that a verifier can move at any moment. */
export function RotateSecret({ organizationId, endpoint, onClose }: EndpointDialogProps) {
  const [overlap, setOverlap] = useState('86400');
  const rotate = useAction({
    run: () =>
      unwrap(
        api.POST('/v1/organizations/{organizationId}/endpoints/{endpointId}/rotate-secret', {
          params: { path: { organizationId, endpointId: endpoint.id } },
          body: { overlap_seconds: Number(overlap) },
        }),
      ),
    refresh: [organizationId, 'endpoints'],
    done: null,
    failed: 'Not rotated',
  });
  if (rotate.data) return <NewSecret title="The new secret" secret={rotate.data.secret} onClose={onClose} />;
  return (
    <Dialog open onClose={onClose} title="Rotate the secret" locked={rotate.isPending}>
      <p>
        During the overlap every request carries both signatures: <code>webhook-signature</code> lists them,{' '}
        <code>X-Spark360-Signature</code> stays with the old secret and <code>X-Spark360-Signature-Next</code> has the
        new one.
      </p>
      <Field label="Overlap">
        <Select label="Overlap" value={overlap} options={overlaps} onChange={setOverlap} />
      </Field>
      <div className="dialog-actions">
        <Button disabled={rotate.isPending} onClick={onClose}>
          Cancel
        </Button>
        <Button kind="primary" disabled={rotate.isPending} onClick={() => rotate.mutate()}>
          Make a new secret
        </Button>
      </div>
    </Dialog>
  );
}
