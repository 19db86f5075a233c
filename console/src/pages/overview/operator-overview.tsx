import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { attentionQuery, statisticsQuery } from '../../api/delivery-queries.ts';
import { deadLettersQuery } from '../../api/operator-queries.ts';
import { DeliveryCharts } from '../../components/delivery-charts.tsx';
import { Loaded, Notice, Page } from '../../components/page.tsx';
import { AttentionList } from './attention-list.tsx';
import { Numbers } from './numbers.tsx';
import { WindowChoice } from './window-choice.tsx';

/** How everything is doing, over all organizations. */
export function OperatorOverviewPage() {
  const { window = '24h' } = useSearch({ from: '/shell/' });
  const navigate = useNavigate();
  const statistics = useQuery(statisticsQuery(null, window));
  const attention = useQuery(attentionQuery(null));
  const letters = useQuery(deadLettersQuery(false));
  const open = letters.data?.data.length ?? 0;
  return (
    <Page
      title="All organizations"
      subtitle="What needs attention now, and how deliveries went."
      actions={
        <WindowChoice
          value={window}
          onChange={(next) => void navigate({ to: '/', search: { window: next }, replace: true })}
        />
      }
    >
      {open > 0 && (
        <Notice tone="bad">
          <Link to="/dead-letters">
            {letters.data?.next_cursor ? `More than ${open}` : open} dead {open === 1 ? 'letter' : 'letters'} in the
            outbox
          </Link>
          : inbound events that cannot be relayed as they are. Mend and replay them.
        </Notice>
      )}
      <Numbers statistics={statistics.data} />
      <Loaded query={attention} rows={2}>
        {({ data }) => <AttentionList items={data} withOrganization />}
      </Loaded>
      <Loaded query={statistics}>{(loaded) => <DeliveryCharts statistics={loaded} />}</Loaded>
    </Page>
  );
}
