import type { UseQueryResult } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schemas } from '../api/client.ts';
import { useAction, useMayChange } from '../app/action.ts';
import { Button } from './button.tsx';
import { Identifier } from './code.tsx';
import { Confirm } from './dialog.tsx';
import { Card, Empty, Loaded, Notice } from './page.tsx';
import { ShownOnce } from './shown-once.tsx';
import { At } from './time.tsx';

interface Props {
  title: string;
  query: UseQueryResult<{ data: Schemas['ApiKey'][] }>;
  make: () => Promise<{ key: string }>;
  remove: (keyId: string) => Promise<unknown>;
  /** The query's key. */
  refresh: readonly unknown[];
  /** What the deletion of one means. */
  consequence: string;
}

/** Keys: a new one is shown once, and a deletion is asked about. */
export function KeyCard({ title, query, make, remove, refresh, consequence }: Props) {
  const mayChange = useMayChange();
  const [doomed, setDoomed] = useState<Schemas['ApiKey'] | null>(null);
  const makeOne = useAction({ run: make, refresh, done: null, failed: 'No key was made' });
  const removeOne = useAction({
    run: remove,
    refresh,
    done: 'Deleted: it is refused from now on',
    failed: 'Not deleted',
    onDone: () => setDoomed(null),
  });
  return (
    <Card
      title={title}
      flush
      actions={
        mayChange && (
          <Button size="small" icon="plus" disabled={makeOne.isPending} onClick={() => makeOne.mutate()}>
            New key
          </Button>
        )
      }
    >
      {makeOne.data && (
        <ShownOnce
          title="The new key"
          label="New key"
          text={makeOne.data.key}
          done="I have stored the key"
          onClose={makeOne.reset}
          above={<Notice tone="warn">This key is shown once. Store it now.</Notice>}
        />
      )}
      <Loaded query={query} rows={2}>
        {({ data }) => <KeyList keys={data} onDelete={mayChange ? setDoomed : null} />}
      </Loaded>
      <Confirm
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        title="Delete the key"
        action="Delete"
        danger
        busy={removeOne.isPending}
        onConfirm={() => doomed && removeOne.mutate(doomed.id)}
      >
        <p>{consequence}</p>
      </Confirm>
    </Card>
  );
}

/** By id: the text of a key was shown when it was made, and is kept nowhere. */
const KeyList = ({
  keys,
  onDelete,
}: {
  keys: Schemas['ApiKey'][];
  onDelete: ((key: Schemas['ApiKey']) => void) | null;
}) =>
  keys.length === 0 ? (
    <Empty icon="keys" title="No key yet" />
  ) : (
    <ul className="attention">
      {keys.map((key) => (
        <li key={key.id}>
          <div className="grow">
            <Identifier id={key.id} />
            <div className="small muted">
              made <At at={key.created_at} />
            </div>
          </div>
          {onDelete && (
            <Button size="small" aria-label={`Delete key ${key.id}`} onClick={() => onDelete(key)}>
              Delete …
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
