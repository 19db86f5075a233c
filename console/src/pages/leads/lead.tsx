import { useQuery } from '@tanstack/react-query';
import { useParams, useRouteContext } from '@tanstack/react-router';
import type { Delivery, Schemas } from '../../api/client.ts';
import { leadQuery, liveMs } from '../../api/delivery-queries.ts';
import { endpointsQuery } from '../../api/queries.ts';
import { isOperator } from '../../app/session.ts';
import { Badge, StageBadge } from '../../components/badge.tsx';
import { Json } from '../../components/json.tsx';
import { Card, Empty, Loaded, Page } from '../../components/page.tsx';
import { LanePicture } from './lane-picture.tsx';
import { LeadActions } from './lead-actions.tsx';
import { leadWords } from './journey.ts';
import { Timeline } from './timeline.tsx';

export type Lead = Schemas['Lead'] & { deliveries: Delivery[] };

/** One lead: what came in, what it made due, and what each endpoint's lane waits for. */
export function LeadPage() {
  const { organizationId, leadId } = useParams({ from: '/shell/organizations/$organizationId/leads/$leadId' });
  const { caller } = useRouteContext({ from: '/shell' });
  const query = useQuery({ ...leadQuery(organizationId, leadId), refetchInterval: liveMs });
  const endpoints = useQuery({ ...endpointsQuery(organizationId), refetchInterval: 10_000 });
  const { data } = query;
  return (
    <Page
      title={`Lead ${leadId.slice(0, 8)}`}
      heading={
        <>
          Lead <code className="heading-id">{leadId}</code>
        </>
      }
      crumbs={[{ label: 'Leads', to: `/organizations/${organizationId}/leads` }]}
      subtitle={
        data && (
          <span className="row-wrap">
            <StageBadge stage={data.stage} />
            {data.mode && <Badge plain>{data.mode}</Badge>}
            {leadWords(data)}
          </span>
        )
      }
      actions={data && <LeadActions lead={data} />}
    >
      <Loaded query={query}>
        {(lead) => (
          <>
            <Loaded query={endpoints}>{({ data }) => <LanePicture lead={lead} endpoints={data} />}</Loaded>
            <div className="halves">
              <Card title="Timeline" flush>
                {lead.timeline.length === 0 ? (
                  <Empty icon="clock" title="Nothing recorded yet" />
                ) : (
                  <Timeline lead={lead} />
                )}
              </Card>
              {isOperator(caller) && (
                <Card title="State of the workflow">
                  {lead.state === null ? (
                    <p className="muted">No workflow of this lead runs, or it did not answer in time.</p>
                  ) : (
                    <Json title="Query `state`" value={lead.state} />
                  )}
                </Card>
              )}
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}
