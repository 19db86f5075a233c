import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client.ts';
import { orphansQuery } from '../../api/operator-queries.ts';
import { counted } from '../../app/counts.ts';
import { ShortId } from '../../components/code.tsx';
import { Card, Empty, Loaded } from '../../components/page.tsx';
import { Ago } from '../../components/time.tsx';

/** Unsettled deliveries that no workflow works: nothing is sent there until one is started. */
export function Orphans() {
  const query = useQuery(orphansQuery());
  return (
    <div id="orphans">
      <Card
        title="Deliveries without a workflow"
        flush
        note={
          query.data && (
            <>
              {query.data.is_complete ? 'All' : 'The oldest'} {counted(query.data.checked, 'lane', 'lanes')} with
              something unsettled for a minute {query.data.checked === 1 ? 'was' : 'were'} looked at.{' '}
              {query.data.data.length > 0 && (
                <>
                  <code>spark360 doctor --fix</code> starts a workflow for each, which goes on in order.
                </>
              )}
            </>
          )
        }
      >
        <Loaded query={query} rows={2}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty icon="check" title="Every unsettled delivery has its workflow" />
            ) : (
              <ul className="attention">
                {data.map((lane) => (
                  <Lane key={`${lane.workflow_id} ${lane.endpoint_id}`} lane={lane} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Card>
    </div>
  );
}

function Lane({ lane }: { lane: Schemas['OrphanedLane'] }) {
  const { organization_id: organizationId, lead_id: leadId, endpoint_id: endpointId } = lane;
  const words = `${counted(lane.count, 'delivery', 'deliveries')} of `;
  return (
    <li>
      <span className="grow wrap-anywhere">
        {leadId === null ? (
          <Link
            to="/organizations/$organizationId/deliveries"
            params={{ organizationId }}
            search={{ endpoint_id: endpointId }}
          >
            {words}a widget
          </Link>
        ) : (
          <Link to="/organizations/$organizationId/leads/$leadId" params={{ organizationId, leadId }}>
            {words}lead <ShortId id={leadId} />
          </Link>
        )}
        <span className="muted"> · {lane.organization_name ?? organizationId.slice(0, 8)}</span>
      </span>
      <span className="small muted">
        <Ago at={lane.since} />
      </span>
    </li>
  );
}
