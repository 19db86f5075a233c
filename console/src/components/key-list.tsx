import type { Schemas } from '../api/client.ts';
import { Button } from './button.tsx';
import { Identifier } from './code.tsx';
import { Empty } from './page.tsx';
import { At } from './time.tsx';

interface Props {
  keys: Schemas['ApiKey'][];
  mayChange: boolean;
  onDelete: (key: Schemas['ApiKey']) => void;
}

/** Keys by id: their text was shown when they were made, and is kept nowhere. */
export const KeyList = ({ keys, mayChange, onDelete }: Props) =>
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
          {mayChange && (
            <Button size="small" aria-label={`Delete key ${key.id}`} onClick={() => onDelete(key)}>
              Delete …
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
