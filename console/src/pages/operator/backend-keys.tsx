import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schemas, unwrap } from '../../api/client.ts';
import { backendKeysQuery } from '../../api/operator-queries.ts';
import { useAction } from '../../app/action.ts';
import { Button } from '../../components/button.tsx';
import { Code } from '../../components/code.tsx';
import { Confirm } from '../../components/dialog.tsx';
import { KeyList } from '../../components/key-list.tsx';
import { Card, Loaded, Notice, Page } from '../../components/page.tsx';

/** Keys of backends: they hand over events, and read nothing. */
export function BackendKeysPage() {
  const query = useQuery(backendKeysQuery());
  const [doomed, setDoomed] = useState<Schemas['ApiKey'] | null>(null);
  const make = useAction({
    run: () => unwrap(api.POST('/v1/api-keys', { body: { role: 'ingest' } })),
    refresh: ['api-keys'],
    done: 'There is a new key',
    failed: 'No key was made',
  });
  const remove = useAction({
    run: (keyId: string) => unwrap(api.DELETE('/v1/api-keys/{keyId}', { params: { path: { keyId } } })),
    refresh: ['api-keys'],
    done: 'Deleted: it is refused from now on',
    failed: 'Not deleted',
    onDone: () => setDoomed(null),
  });
  return (
    <Page
      title="Backend keys"
      subtitle="A backend's key may hand over events and register organizations and widgets; it reads nothing."
      actions={
        <Button kind="primary" icon="plus" disabled={make.isPending} onClick={() => make.mutate()}>
          New key
        </Button>
      }
    >
      {make.data && (
        <div className="stack-small">
          <Notice tone="warn">This key is shown once. Store it now.</Notice>
          <Code title="Backend key" text={make.data.key} wrap />
        </div>
      )}
      <Card flush>
        <Loaded query={query}>{({ data }) => <KeyList keys={data} mayChange onDelete={setDoomed} />}</Loaded>
      </Card>
      <Confirm
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        title="Delete the key"
        action="Delete"
        danger
        busy={remove.isPending}
        onConfirm={() => doomed && remove.mutate(doomed.id)}
      >
        <p>Every backend that uses it is refused from then on.</p>
      </Confirm>
    </Page>
  );
}
