import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { attentionQuery, statisticsQuery } from '../../api/delivery-queries.ts';
import { deadLettersQuery, orphansQuery } from '../../api/operator-queries.ts';
import { DeliveryCharts } from '../../components/delivery-charts.tsx';
import { Loaded, Page } from '../../components/page.tsx';
import { type AttentionLine, AttentionList } from './attention-list.tsx';
import { deadLetterLine, linesOf, orphanLine } from './attention-lines.tsx';
import { useBacklogOfAll } from './backlog.ts';
import { Numbers } from './numbers.tsx';
import { WindowChoice } from './window-choice.tsx';

const nothing =
  'No endpoint is paused or failing, nothing created in the last day was abandoned, no lead waits for its enrichment, every delivery has its workflow, and the outbox has no dead letter.';

/** What failed is said until it is known again, also while it is asked for once more. */
const uncheckedLine = (
  what: string,
  { isError, data, errorUpdateCount }: { isError: boolean; data: unknown; errorUpdateCount: number },
): AttentionLine[] =>
  isError || (data === undefined && errorUpdateCount > 0)
    ? [{ key: what, badge: 'unknown', tone: 'warn', link: `${what} could not be checked`, since: null }]
    : [];

/** How everything is doing, over all organizations. */
export function OperatorOverviewPage() {
  const { window = '24h' } = useSearch({ from: '/shell/' });
  const navigate = useNavigate();
  const statistics = useQuery(statisticsQuery(null, window));
  const backlog = useBacklogOfAll();
  const attention = useQuery(attentionQuery(null));
  const letters = useQuery(deadLettersQuery(false));
  const orphans = useQuery(orphansQuery());
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
      <Numbers statistics={statistics.data} backlog={backlog} />
      <Loaded query={attention} rows={2}>
        {({ data }) => (
          <AttentionList
            nothing={nothing}
            isComplete={letters.data !== undefined && orphans.data !== undefined}
            lines={[
              ...(letters.data ? deadLetterLine(letters.data) : []),
              ...(orphans.data ? orphanLine(orphans.data) : []),
              ...uncheckedLine('Dead letters of the outbox', letters),
              ...uncheckedLine('Deliveries without a workflow', orphans),
              ...linesOf(data, { withOwner: true }),
            ]}
          />
        )}
      </Loaded>
      <Loaded query={statistics}>{(loaded) => <DeliveryCharts statistics={loaded} ofAll />}</Loaded>
    </Page>
  );
}
