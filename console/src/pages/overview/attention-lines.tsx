import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client.ts';
import { counted, countedTo, number } from '../../app/counts.ts';
import { pausedWords } from '../../components/badge.tsx';
import type { Tone } from '../../components/page.tsx';
import { hostOf } from '../deliveries/words.ts';
import type { AttentionLine } from './attention-list.tsx';

type Item = Schemas['AttentionItem'];

/** A count of as many means that many or more. */
const most = 1_000;
/** As many lines are all that the service gives. */
const mostLines = 100;
const dayMs = 86_400_000;

const kinds: Record<Item['kind'], { badge: string; tone: Tone }> = {
  endpoint_paused: { badge: 'paused', tone: 'bad' },
  endpoint_failing: { badge: 'failing', tone: 'warn' },
  deliveries_abandoned: { badge: 'abandoned', tone: 'bad' },
  waiting_for_enrichment: { badge: 'waiting', tone: 'warn' },
};

/** Lines about endpoints, deliveries and leads. */
export function linesOf(items: Item[], { withOwner }: { withOwner: boolean }): AttentionLine[] {
  const lines: AttentionLine[] = items.map((item) => ({
    key: `${item.kind} ${item.organization_id} ${item.endpoint_id}`,
    ...kinds[item.kind],
    link: <ItemLink item={item} />,
    owner: withOwner ? (item.organization_name ?? item.organization_id.slice(0, 8)) : undefined,
    since: item.since,
  }));
  if (items.length < mostLines) return lines;
  const words = `Only ${mostLines} lines are shown: when these are mended, others may follow.`;
  return [...lines, { key: 'more', badge: 'more', tone: 'warn', link: words, since: null }];
}

/** Unsettled deliveries that no workflow works, of all organizations: one line. */
export function orphanLine({ data, is_complete }: Omit<Schemas['Orphans'], 'next_cursor'>): AttentionLine[] {
  if (data.length === 0) return [];
  const count = data.reduce((sum, lane) => sum + lane.count, 0);
  const since = data.map((lane) => lane.since).sort()[0] ?? null;
  const words = `${is_complete ? '' : 'At least '}${counted(count, 'delivery', 'deliveries')} without a workflow`;
  return [
    {
      key: 'orphans',
      badge: 'orphaned',
      tone: 'bad',
      link: (
        <Link to="/system" hash="orphans">
          {words}
        </Link>
      ),
      since,
    },
  ];
}

/** Dead letters of the outbox: one line. */
export function deadLetterLine({ data, next_cursor }: Schemas['DeadLetterPage']): AttentionLine[] {
  if (data.length === 0) return [];
  const words =
    next_cursor === null
      ? counted(data.length, 'dead letter', 'dead letters')
      : `More than ${number(data.length)} dead letters`;
  return [
    {
      key: 'dead-letters',
      badge: 'dead letter',
      tone: 'bad',
      link: <Link to="/dead-letters">{words} in the outbox: events that cannot be relayed as they are</Link>,
      // The oldest of them is not known where there are more.
      since: next_cursor === null ? (data.at(-1)?.published_at ?? null) : null,
    },
  ];
}

function ItemLink({ item }: { item: Item }) {
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
          {countedTo(item.count, most, 'abandoned delivery', 'abandoned deliveries')} created in the last 24 hours
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
