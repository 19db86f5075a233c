import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client.ts';
import { jobsQuery } from '../../api/operator-queries.ts';
import { number } from '../../app/counts.ts';
import { Badge } from '../../components/badge.tsx';
import { ShortId } from '../../components/code.tsx';
import { Card, Empty, Loaded, Page } from '../../components/page.tsx';
import { RecoveryProgress } from '../../components/recovery-progress.tsx';
import { ShowMore } from '../../components/show-more.tsx';
import { Ago, At } from '../../components/time.tsx';

/** Recoveries of all organizations. */
export function JobsPage() {
  const query = useInfiniteQuery(jobsQuery());
  return (
    <Page title="Jobs" subtitle="Recoveries of all organizations, newest first.">
      <Card flush>
        <Loaded query={query}>
          {({ pages }) => {
            const jobs = pages.flatMap(({ data }) => data);
            if (jobs.length === 0) return <Empty icon="jobs" title="No recovery was asked for yet" />;
            return (
              <>
                <JobTable jobs={jobs} />
                <ShowMore query={query} />
              </>
            );
          }}
        </Loaded>
      </Card>
    </Page>
  );
}

const JobTable = ({ jobs }: { jobs: Schemas['Job'][] }) => (
  <div className="table-scroll">
    <table className="table stacked">
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Organization</th>
          <th scope="col">Endpoint</th>
          <th scope="col">Abandoned since</th>
          <th scope="col">Of</th>
          <th scope="col">Deliveries</th>
          <th scope="col">Begun</th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <tr key={job.id}>
            <td>
              <Badge tone={job.status === 'done' ? 'good' : 'info'}>{job.status}</Badge>
            </td>
            <td data-label="Organization">
              <Link to="/organizations/$organizationId" params={{ organizationId: job.organization_id }}>
                <ShortId id={job.organization_id} />
              </Link>
            </td>
            <td data-label="Endpoint">
              <Link
                to="/organizations/$organizationId/webhooks/$endpointId"
                params={{ organizationId: job.organization_id, endpointId: job.endpoint_id }}
              >
                <ShortId id={job.endpoint_id} />
              </Link>
            </td>
            <td data-label="Abandoned since">{job.since === null ? 'ever' : <At at={job.since} />}</td>
            <td data-label="Of">
              <Scope job={job} />
            </td>
            <td className="numeric" data-label="Deliveries">
              {job.status === 'running' ? (
                <RecoveryProgress organizationId={job.organization_id} jobId={job.id} />
              ) : (
                number(job.count ?? 0)
              )}
            </td>
            <td data-label="Begun">
              <Ago at={job.created_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

const Scope = ({ job }: { job: Schemas['Job'] }) => {
  const { organization_id: organizationId, lead_id: leadId, event } = job;
  if (leadId === null) return event === null ? 'all events' : <code>{event}</code>;
  return (
    <span className="row">
      {event !== null && <code>{event}</code>}
      <Link to="/organizations/$organizationId/leads/$leadId" params={{ organizationId, leadId }}>
        lead <ShortId id={leadId} />
      </Link>
    </span>
  );
};
