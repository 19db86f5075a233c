import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, inOrganization, type Schemas, unwrap } from '../api/client.ts';
import { sessionsQuery } from '../api/operator-queries.ts';
import { useAction, useMayChange } from '../app/action.ts';
import { counted } from '../app/counts.ts';
import { Badge } from './badge.tsx';
import { Button } from './button.tsx';
import { Confirm } from './dialog.tsx';
import { Card, Empty, Loaded } from './page.tsx';
import { Ago, At } from './time.tsx';

/** Who is signed in; null: as the operator. */
export function SessionList({ organizationId }: { organizationId: string | null }) {
  const query = useQuery(sessionsQuery(organizationId));
  const mayChange = useMayChange();
  const [asks, setAsks] = useState(false);
  const { endOne, endAll } = useEnding(organizationId, () => setAsks(false));
  const count = query.data?.data.length ?? 0;
  const all = mayChange && count > 0 && (
    <Button size="small" onClick={() => setAsks(true)}>
      Sign out everywhere …
    </Button>
  );
  return (
    <Card title="Sessions" flush actions={all || undefined}>
      <Loaded query={query} rows={2}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty icon="user" title="Nobody is signed in" />
          ) : (
            <ul className="attention">
              {data.map((session) => (
                <Item key={session.id} session={session} onEnd={mayChange ? () => endOne.mutate(session.id) : null} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <Confirm
        open={asks}
        onClose={() => setAsks(false)}
        title="Sign out everywhere"
        action="Sign out everywhere"
        danger
        busy={endAll.isPending}
        onConfirm={() => endAll.mutate()}
      >
        <p>
          <strong>{counted(count, 'session', 'sessions')}</strong> will end, yours too if it is one of them. Keys stay
          as they are.
        </p>
      </Confirm>
    </Card>
  );
}

const Item = ({ session, onEnd }: { session: Schemas['Session']; onEnd: (() => void) | null }) => (
  <li>
    <div className="grow">
      <span className="row-wrap">
        Used <Ago at={session.last_used_at} />
        {session.is_current && <Badge tone="info">this one</Badge>}
        {session.read_only && <Badge plain>read-only</Badge>}
      </span>
      <div className="small muted">
        until <At at={session.expires_at} />
      </div>
    </div>
    {onEnd !== null && !session.is_current && (
      <Button size="small" onClick={onEnd}>
        End
      </Button>
    )}
  </li>
);

function useEnding(organizationId: string | null, onDone: () => void) {
  const refresh = [organizationId, 'sessions'];
  const endOne = useAction({
    run: (sessionId: string) =>
      organizationId === null
        ? unwrap(api.DELETE('/v1/sessions/{sessionId}', { params: { path: { sessionId } } }))
        : unwrap(
            api.DELETE('/v1/organizations/{organizationId}/sessions/{sessionId}', {
              params: { path: { organizationId, sessionId } },
            }),
          ),
    refresh,
    done: 'Signed out there',
    failed: 'Not signed out',
  });
  const endAll = useAction({
    run: () =>
      organizationId === null
        ? unwrap(api.DELETE('/v1/sessions'))
        : unwrap(api.DELETE('/v1/organizations/{organizationId}/sessions', inOrganization(organizationId))),
    refresh,
    done: 'Signed out everywhere',
    failed: 'Not signed out',
    onDone,
  });
  return { endOne, endAll };
}
