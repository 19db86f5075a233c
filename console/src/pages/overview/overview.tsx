import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { attentionQuery, statisticsQuery } from '../../api/delivery-queries.ts';
import { organizationQuery } from '../../api/queries.ts';
import { Badge } from '../../components/badge.tsx';
import { DeliveryCharts } from '../../components/delivery-charts.tsx';
import { Loaded, Page } from '../../components/page.tsx';
import { RecentDeliveries } from '../deliveries/recent-deliveries.tsx';
import { linesOf } from './attention-lines.tsx';
import { AttentionList } from './attention-list.tsx';
import { useBacklogOf } from './backlog.ts';
import { Numbers } from './numbers.tsx';
import { WindowChoice } from './window-choice.tsx';

const nothing =
  'No endpoint is paused or failing, nothing created in the last day was abandoned, and no lead waits for its enrichment.';

/** How an organization's webhooks are doing. */
export function OverviewPage() {
  const from = '/shell/organizations/$organizationId/';
  const { organizationId } = useParams({ from });
  const { window = '24h' } = useSearch({ from });
  const navigate = useNavigate();
  const organization = useQuery(organizationQuery(organizationId));
  const statistics = useQuery(statisticsQuery(organizationId, window));
  const backlog = useBacklogOf(organizationId);
  const attention = useQuery(attentionQuery(organizationId));
  return (
    <Page
      title={organization.data?.name ?? 'Overview'}
      subtitle={
        organization.data && (
          <span className="row-wrap">
            <Badge plain>{organization.data.tier}</Badge>
            <code className="small">{organizationId}</code>
          </span>
        )
      }
      actions={
        <WindowChoice
          value={window}
          onChange={(next) =>
            void navigate({
              to: '/organizations/$organizationId',
              params: { organizationId },
              search: { window: next },
              replace: true,
            })
          }
        />
      }
    >
      <Numbers statistics={statistics.data} backlog={backlog} />
      <Loaded query={attention} rows={2}>
        {({ data }) => <AttentionList nothing={nothing} lines={linesOf(data, { withOwner: false })} />}
      </Loaded>
      <Loaded query={statistics}>{(loaded) => <DeliveryCharts statistics={loaded} />}</Loaded>
      <RecentDeliveries organizationId={organizationId} filter={{}} />
    </Page>
  );
}
