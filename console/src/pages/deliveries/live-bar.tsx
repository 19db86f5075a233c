import { counted, number } from '../../app/counts.ts';
import { Button } from '../../components/button.tsx';
import type { ListChanges } from './list-changes.ts';

interface Props {
  isLive: boolean;
  /** The service does not answer: what is shown is as it was. */
  isAway: boolean;
  changes: ListChanges;
  onToggle: () => void;
  onUpdate: () => void;
}

/** Above the list, and in view however far it is scrolled: whether it is live, and what is not in it yet. */
export function LiveBar({ isLive, isAway, changes, onToggle, onUpdate }: Props) {
  const words = changeWords(changes);
  const state = !isLive ? 'Paused' : isAway ? 'No answer, trying again' : 'Live';
  return (
    <div className="live-bar">
      <span className="live" data-state={!isLive ? 'paused' : isAway ? 'away' : 'live'}>
        {state}
      </span>
      <span className="grow" role="status">
        {words !== null && (
          <Button size="small" kind="primary" icon="up" onClick={onUpdate}>
            {words}
          </Button>
        )}
      </span>
      <Button size="small" kind="quiet" icon={isLive ? 'pause' : 'play'} onClick={onToggle}>
        {isLive ? 'Pause updates' : 'Resume updates'}
      </Button>
    </div>
  );
}

/** `Show 3 new`; null: the list is as it is. */
function changeWords({ added, isMore, gone }: ListChanges): string | null {
  if (isMore) return `Show more than ${number(added)} new`;
  if (added > 0) return `Show ${number(added)} new`;
  return gone > 0 ? `Update: ${counted(gone, 'row no longer matches', 'rows no longer match')}` : null;
}
