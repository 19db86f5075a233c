import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schemas, unwrap } from '../../api/client.ts';
import { apiKeysQuery } from '../../api/queries.ts';
import { useAction, useMayChange } from '../../app/action.ts';
import { Button } from '../../components/button.tsx';
import { Code } from '../../components/code.tsx';
import { Confirm } from '../../components/dialog.tsx';
import { KeyList } from '../../components/key-list.tsx';
import { Card, Loaded, Notice } from '../../components/page.tsx';

export function ApiKeys({ organizationId }: { organizationId: string }) {
  const query = useQuery(apiKeysQuery(organizationId));
  const mayChange = useMayChange();
  const [doomed, setDoomed] = useState<Schemas['ApiKey'] | null>(null);
  const make = useAction({
    run: () =>
      unwrap(
        api.POST('/v1/organizations/{organizationId}/api-keys', { params: { path: { organizationId } }, body: {} }),
      ),
    refresh: [organizationId, 'api-keys'],
    done: 'There is a new key',
    failed: 'No key was made',
  });
  const remove = useAction({
    run: (keyId: string) =>
      unwrap(
        api.DELETE('/v1/organizations/{organizationId}/api-keys/{keyId}', {
          params: { path: { organizationId, keyId } },
        }),
      ),
    refresh: [organizationId, 'api-keys'],
    done: 'Deleted: it is refused from now on',
    failed: 'Not deleted',
    onDone: () => setDoomed(null),
  });
  return (
    <Card
      title="API keys"
      flush
      actions={
        mayChange ? (
          <Button size="small" icon="plus" disabled={make.isPending} onClick={() => make.mutate()}>
            New key
          </Button>
        ) : undefined
      }
    >
      {make.data && (
        <div className="card-body">
          <Notice tone="warn">This key is shown once. Store it now.</Notice>
          <Code title="API key" text={make.data.key} wrap />
        </div>
      )}
      <Loaded query={query} rows={2}>
        {({ data }) => <KeyList keys={data} mayChange={mayChange} onDelete={setDoomed} />}
      </Loaded>
      <Confirm
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        title="Delete the key"
        action="Delete"
        danger
        busy={remove.isPending}
        onConfirm={() => doomed && remove.mutate(doomed.id)}
      >
        <p>Whatever uses it is refused from then on, and sessions that began with it end.</p>
      </Confirm>
    </Card>
  );
}
