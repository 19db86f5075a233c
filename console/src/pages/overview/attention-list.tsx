import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client.ts';
import { countedTo } from '../../app/counts.ts';
import { Badge, pausedWords } from '../../components/badge.tsx';
import { Card, Empty, type Tone } from '../../components/page.tsx';
import { Ago } from '../../components/time.tsx';
import { hostOf } from '../deliveries/words.ts';

type Item = Schemas['AttentionItem'];

const most = 1_000;
const dayMs = 86_400_000;

const kinds: Record<Item['kind'], { badge: string; tone: Tone }> = {
  endpoint_paused: { badge: 'paused', tone: 'bad' },
  endpoint_failing: { badge: 'failing', tone: 'warn' },
  deliveries_abandoned: { badge: 'abandoned', tone: 'bad' },
  waiting_for_enrichment: { badge: 'waiting', tone: 'warn' },
};

/** What needs somebody now; each line leads to where it can be mended. */
export const AttentionList = ({ items, withOrganization }: { items: Item[]; withOrganization?: boolean }) => (
  <Card title="Needs attention" flush>
    {items.length === 0 ? (
      <Empty icon="check" title="Nothing needs attention">
        No endpoint is paused or failing, nothing was abandoned in the last day, and no lead waits for its enrichment.
      </Empty>
    ) : (
      <ul className="attention">
        {items.map((item) => (
          <li key={`${item.kind} ${item.organization_id} ${item.endpoint_id}`}>
            <Badge tone={kinds[item.kind].tone}>{kinds[item.kind].badge}</Badge>
            <span className="grow wrap-anywhere">
              <AttentionLink item={item} />
              {withOrganization && (
                <span className="muted"> · {item.organization_name ?? item.organization_id.slice(0, 8)}</span>
              )}
            </span>
            <span className="small muted">
              <Ago at={item.since} />
            </span>
          </li>
        ))}
      </ul>
    )}
  </Card>
);

function AttentionLink({ item }: { item: Item }) {
  const organizationId = item.organization_id;
  const params = { organizationId };
  switch (item.kind) {
    case 'endpoint_paused':
    case 'endpoint_failing':
      return (
        <Link
          to="/organizations/$organizationId/webhooks/$endpointId"
          params={{ organizationId, endpointId: item.endpoint_id ?? '' }}
        >
          {endpointWords(item)}
        </Link>
      );
    case 'deliveries_abandoned':
      return (
        <Link
          to="/organizations/$organizationId/deliveries"
          params={params}
          search={{ status: 'abandoned', since: new Date(Date.now() - dayMs).toISOString() }}
        >
          {countedTo(item.count, most, 'delivery', 'deliveries')} abandoned in the last 24 hours
        </Link>
      );
    case 'waiting_for_enrichment':
      return (
        <Link to="/organizations/$organizationId/leads" params={params} search={{ stage: 'waiting_for_enrichment' }}>
          {countedTo(item.count, most, 'lead', 'leads')} waiting for enrichment for more than an hour
        </Link>
      );
  }
}

function endpointWords({ kind, url, paused_reason, count }: Item): string {
  const host = hostOf(url ?? undefined) ?? 'An endpoint';
  const waiting = count === 0 ? '' : `, ${countedTo(count, most, 'delivery', 'deliveries')} unsettled`;
  return kind === 'endpoint_paused'
    ? `${host} is paused (${pausedWords(paused_reason)})${waiting}`
    : `${host} is failing${waiting}`;
}
