import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schemas } from '../../api/client.ts';
import { deadLetterPagesQuery } from '../../api/operator-queries.ts';
import { Badge } from '../../components/badge.tsx';
import { Breakable } from '../../components/breakable.tsx';
import { Button } from '../../components/button.tsx';
import { ShortId } from '../../components/code.tsx';
import { Card, Empty, Loaded, Page } from '../../components/page.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { ShowMore } from '../../components/show-more.tsx';
import { Ago } from '../../components/time.tsx';
import { DeadLetterDialog } from './dead-letter-dialog.tsx';

/** Inbound events of the outbox that cannot be relayed as they are. */
export function DeadLettersPage() {
  const [shown, setShown] = useState<'open' | 'all'>('open');
  const [chosen, setChosen] = useState<string | null>(null);
  const query = useInfiniteQuery(deadLetterPagesQuery(shown === 'all'));
  return (
    <Page
      title="Dead letters"
      subtitle="Inbound events of the outbox that cannot be relayed as they are: mend one, and replay it."
      actions={
        <Segmented
          label="Which"
          value={shown}
          onChange={setShown}
          options={[
            { value: 'open', label: 'Open' },
            { value: 'all', label: 'All' },
          ]}
        />
      }
    >
      <Card flush>
        <Loaded query={query}>
          {({ pages }) => {
            const letters = pages.flatMap(({ data }) => data);
            if (letters.length === 0)
              return (
                <Empty icon="letters" title="No dead letter">
                  Every event of the outbox could be relayed.
                </Empty>
              );
            return (
              <>
                <LetterTable letters={letters} onMend={setChosen} />
                <ShowMore query={query} />
              </>
            );
          }}
        </Loaded>
      </Card>
      {chosen !== null && <DeadLetterDialog id={chosen} onClose={() => setChosen(null)} />}
    </Page>
  );
}

const LetterTable = ({
  letters,
  onMend,
}: {
  letters: Schemas['DeadLetterSummary'][];
  onMend: (id: string) => void;
}) => (
  <div className="table-scroll">
    <table className="table stacked">
      <thead>
        <tr>
          <th scope="col">Subject</th>
          <th scope="col">Reason</th>
          <th scope="col">What is wrong</th>
          <th scope="col">Published</th>
          <th scope="col">Replay</th>
        </tr>
      </thead>
      <tbody>
        {letters.map((letter) => (
          <LetterRow key={letter.id} letter={letter} onMend={() => onMend(letter.id)} />
        ))}
      </tbody>
    </table>
  </div>
);

const LetterRow = ({ letter, onMend }: { letter: Schemas['DeadLetterSummary']; onMend: () => void }) => (
  <tr>
    <td>
      <Subject subject={letter.subject} />
    </td>
    <td>
      <Badge tone="bad">{letter.reason.replaceAll('_', ' ')}</Badge>
    </td>
    <td className="wrap-anywhere">
      {letter.issues.slice(0, 2).map(({ path, message }) => (
        <div key={path}>
          <code>
            <Breakable text={path} />
          </code>
          : {message}
        </div>
      ))}
      {letter.issues.length > 2 && <div className="muted">and {letter.issues.length - 2} more</div>}
    </td>
    <td data-label="Published">
      <Ago at={letter.published_at} />
    </td>
    <td>
      {letter.replayed_at === null ? (
        <Button size="small" onClick={onMend}>
          Mend …
        </Button>
      ) : (
        <Badge tone={letter.replay_outcome === 'dead_letter' ? 'bad' : 'good'}>
          {letter.replay_outcome?.replaceAll('_', ' ') ?? 'waiting'}
        </Badge>
      )}
    </td>
  </tr>
);

/** `lead/{organization}/{lead}`, or a widget's: what it is, and whose. */
function Subject({ subject }: { subject: string }) {
  const [kind, ...ids] = subject.split('/');
  const id = ids.pop() ?? '';
  return (
    <>
      <div>
        {kind} <code>{id}</code>
      </div>
      {ids.map((organizationId) => (
        <div key={organizationId} className="small muted">
          of organization <ShortId id={organizationId} />
        </div>
      ))}
    </>
  );
}
