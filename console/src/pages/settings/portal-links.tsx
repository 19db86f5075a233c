import { useState } from 'react';
import { api, unwrap } from '../../api/client.ts';
import { useAction, useMayChange } from '../../app/action.ts';
import { Button } from '../../components/button.tsx';
import { Checkbox, Field } from '../../components/field.tsx';
import { Card } from '../../components/page.tsx';
import { Select } from '../../components/select.tsx';
import { ShownOnce } from '../../components/shown-once.tsx';
import { At } from '../../components/time.tsx';

const times = [
  { value: '900', label: '15 minutes' },
  { value: '3600', label: '1 hour' },
  { value: '86400', label: '24 hours' },
  { value: '604800', label: '7 days' },
];

/** Makes a link that lets somebody into these pages once, without a key. */
export function PortalLinks({ organizationId }: { organizationId: string }) {
  const [readOnly, setReadOnly] = useState(true);
  const [ttl, setTtl] = useState('3600');
  const make = useAction({
    run: () =>
      unwrap(
        api.POST('/v1/organizations/{organizationId}/portal-links', {
          params: { path: { organizationId } },
          body: { read_only: readOnly, expires_in_seconds: Number(ttl) },
        }),
      ),
    refresh: [organizationId, 'audit-log'],
    done: null,
    failed: 'No link was made',
  });
  if (!useMayChange()) return null;
  return (
    <Card title="Portal link">
      <p className="muted">For a colleague or a partner: it opens these pages once, and needs no key.</p>
      <Checkbox
        label="Read-only"
        hint="May look at everything and change nothing."
        checked={readOnly}
        onChange={setReadOnly}
      />
      <Field label="Can be opened for">
        <Select label="Can be opened for" value={ttl} options={times} onChange={setTtl} />
      </Field>
      <div>
        <Button disabled={make.isPending} onClick={() => make.mutate()}>
          Make a link
        </Button>
      </div>
      {make.data && (
        <ShownOnce
          title="The new link"
          label="Portal link"
          text={make.data.url}
          done="I have copied the link"
          onClose={make.reset}
          below={
            <p className="small muted">
              Works once, until <At at={make.data.expires_at} />.
            </p>
          }
        />
      )}
    </Card>
  );
}
