import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, type Schemas, unwrap } from '../../api/client.ts';
import { deadLetterQuery } from '../../api/operator-queries.ts';
import { useAction } from '../../app/action.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, Input } from '../../components/field.tsx';
import { Loaded, Notice } from '../../components/page.tsx';

export function DeadLetterDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery({ ...deadLetterQuery(id), staleTime: Number.POSITIVE_INFINITY });
  return (
    <Dialog open onClose={onClose} title={`Dead letter ${id}`} wide>
      <Loaded query={query}>{(letter) => <Mend letter={letter} onClose={onClose} />}</Loaded>
    </Dialog>
  );
}

/** The event as it was written, to be mended and put into the outbox again. */
function Mend({ letter, onClose }: { letter: Schemas['DeadLetter']; onClose: () => void }) {
  const [original] = useState(() => JSON.stringify(letter.event, null, 2));
  const [text, setText] = useState(original);
  const parsed = parse(text);
  const replay = useAction({
    run: () =>
      unwrap(
        api.POST('/v1/dead-letters/{deadLetterId}/replay', {
          params: { path: { deadLetterId: letter.id } },
          body: text === original || parsed === null ? {} : { event: parsed },
        }),
      ),
    refresh: ['dead-letters'],
    done: 'It is in the outbox again',
    failed: 'Not replayed',
    onDone: onClose,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    replay.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Notice tone="bad">
        {letter.issues.length === 0 ? letter.reason.replaceAll('_', ' ') : null}
        {letter.issues.map(({ path, message }) => (
          <div key={path}>
            <code>{path}</code>: {message}
          </div>
        ))}
      </Notice>
      <Field label="Event" error={parsed === null ? 'This is not a JSON object.' : undefined}>
        <Input
          render={<textarea rows={16} spellCheck={false} />}
          className="textarea"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </Field>
      <div className="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" disabled={parsed === null || replay.isPending}>
          {text === original ? 'Replay as it is' : 'Replay mended'}
        </Button>
      </div>
    </form>
  );
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
