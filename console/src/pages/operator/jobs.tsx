import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client.ts';
import { jobQuery, jobsQuery } from '../../api/operator-queries.ts';
import { number } from '../../app/counts.ts';
import { Badge } from '../../components/badge.tsx';
import { ShortId } from '../../components/code.tsx';
import { Card, Empty, Loaded, Page } from '../../components/page.tsx';
import { Progress } from '../../components/progress.tsx';
import { Ago, At } from '../../components/time.tsx';

/** Recoveries of all organizations. */
export function JobsPage() {
  const query = useQuery(jobsQuery(null));
  return (
    <Page title="Jobs" subtitle="Recoveries of all organizations, newest first.">
      <Card flush>
        <Loaded query={query}>
          {({ data }) =>
            data.length === 0 ? <Empty icon="jobs" title="No recovery was asked for yet" /> : <JobTable jobs={data} />
          }
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
          <th scope="col">Endpoint</th>
          <th scope="col">Abandoned since</th>
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
            <td>
              <Link
                to="/organizations/$organizationId/webhooks/$endpointId"
                params={{ organizationId: job.organization_id, endpointId: job.endpoint_id }}
              >
                <ShortId id={job.endpoint_id} />
              </Link>
            </td>
            <td data-label="Abandoned since">
              <At at={job.since} />
            </td>
            <td className="numeric" data-label="Deliveries">
              {job.status === 'running' ? <JobProgress job={job} /> : number(job.count ?? 0)}
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

function JobProgress({ job }: { job: Schemas['Job'] }) {
  const { data } = useQuery(jobQuery(job.organization_id, job.id));
  const settled = (data?.delivered ?? 0) + (data?.abandoned ?? 0);
  return (
    <div className="stack-small">
      <span>
        {number(settled)} of{' '}
        {data?.count === null || data === undefined ? 'as many as are counted' : number(data.count)}
      </span>
      <Progress label="Recovery" value={settled} most={data?.count ?? null} />
    </div>
  );
}
