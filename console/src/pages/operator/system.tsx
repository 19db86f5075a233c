import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../../api/client.ts';
import { systemQuery } from '../../api/operator-queries.ts';
import { number } from '../../app/counts.ts';
import { views } from '../../app/temporal.ts';
import { Badge } from '../../components/badge.tsx';
import { Icon } from '../../components/icon.tsx';
import { Card, Loaded, Page } from '../../components/page.tsx';
import { SessionList } from '../../components/session-list.tsx';
import { Stats } from '../../components/stats.tsx';
import { duration } from '../../components/time.tsx';
import { Orphans } from './orphans.tsx';

type System = Schemas['System'];

/** How the service itself is doing. */
export function SystemPage() {
  const query = useQuery(systemQuery());
  return (
    <Page title="System" subtitle="The parts of the service, what waits in it, and where to look further.">
      <Loaded query={query}>
        {(system) => (
          <>
            <Waiting system={system} />
            <div className="halves">
              <Parts system={system} />
              <Views system={system} />
            </div>
          </>
        )}
      </Loaded>
      <Orphans />
      <SessionList organizationId={null} />
    </Page>
  );
}

const orDash = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : number(value);

const Waiting = ({
  system: { unsettled, overdue_retries, saturated_endpoints, paused_endpoints, outbox },
}: {
  system: System;
}) => (
  <Stats
    stats={[
      ...['pending', 'delivering', 'retrying', 'held'].map((status) => ({
        label: `Deliveries ${status}`,
        value: unsettled === null ? '–' : number(unsettled[status] ?? 0),
      })),
      { label: 'Retries overdue', value: orDash(overdue_retries) },
      { label: 'Endpoints at their limit', value: orDash(saturated_endpoints) },
      { label: 'Paused endpoints', value: orDash(paused_endpoints) },
      {
        label: 'Outbox',
        value: orDash(outbox?.pending),
        note:
          outbox &&
          (outbox.pending === 0 ? 'nothing waits' : `oldest ${duration(outbox.oldest_pending_seconds * 1_000)}`),
      },
      { label: 'Outbox rows stuck', value: orDash(outbox?.stuck) },
      { label: 'Dead letters', value: orDash(outbox?.dead_letters) },
    ]}
  />
);

const Parts = ({ system }: { system: System }) => (
  <Card title="Parts">
    <dl className="facts">
      <dt>Postgres</dt>
      <dd>
        <Badge tone={system.postgres === 'ok' ? 'good' : 'bad'}>{system.postgres}</Badge>
      </dd>
      <dt>Temporal</dt>
      <dd>
        <Badge tone={system.temporal === 'ok' ? 'good' : 'bad'}>{system.temporal}</Badge>
      </dd>
      <dt>Namespace</dt>
      <dd>
        <code>{system.temporal_namespace ?? '–'}</code>
      </dd>
      <dt>Version</dt>
      <dd>{system.version}</dd>
      <dt>API reference</dt>
      <dd>
        <a href="/docs">/docs</a>
      </dd>
      <dt>Metrics</dt>
      <dd>
        <a href="/metrics">/metrics</a>
      </dd>
    </dl>
  </Card>
);

const Views = ({ system }: { system: System }) => {
  const links = views(system, Date.now());
  return (
    <Card title="Views in Temporal UI" flush note="Opening one adds it to the saved views of your browser there.">
      {links.length === 0 ? (
        <p className="card-body muted">
          Set <code>TEMPORAL_UI_URL</code>, and links to Temporal's UI appear here and on each lead.
        </p>
      ) : (
        <ul className="attention">
          {links.map(({ name, url }) => (
            <li key={name}>
              <a href={url} target="_blank" rel="noreferrer" className="row">
                {name} <Icon name="external" size={13} />
              </a>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
};
