import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../../api/client.ts';
import { jobQuery, jobsQuery } from '../../api/operator-queries.ts';
import { counted, number } from '../../app/counts.ts';
import { Badge } from '../../components/badge.tsx';
import { Card } from '../../components/page.tsx';
import { Progress } from '../../components/progress.tsx';
import { Ago } from '../../components/time.tsx';

/** The recoveries of an endpoint; nothing where there was none. */
export function Recoveries({ organizationId, endpointId }: { organizationId: string; endpointId: string }) {
  const { data } = useQuery(jobsQuery(organizationId));
  const jobs = data?.data.filter((job) => job.endpoint_id === endpointId) ?? [];
  if (jobs.length === 0) return null;
  return (
    <Card title="Recoveries" flush>
      <ul className="attention">
        {jobs.slice(0, 5).map((job) => (
          <li key={job.id}>{job.status === 'running' ? <Running job={job} /> : <Done job={job} />}</li>
        ))}
      </ul>
    </Card>
  );
}

const Done = ({ job }: { job: Schemas['Job'] }) => (
  <>
    <Badge tone="good">done</Badge>
    <span className="grow">{counted(job.count ?? 0, 'delivery', 'deliveries')}</span>
    <span className="small muted">
      <Ago at={job.finished_at} />
    </span>
  </>
);

function Running({ job }: { job: Schemas['Job'] }) {
  const { data } = useQuery(jobQuery(job.organization_id, job.id));
  const settled = (data?.delivered ?? 0) + (data?.abandoned ?? 0);
  const count = data?.count ?? job.count;
  return (
    <div className="stack-small grow">
      <div className="row spread">
        <Badge tone="info">running</Badge>
        <span className="small muted numeric">
          {count === null ? 'being counted' : `${number(settled)} of ${number(count)} settled`}
        </span>
      </div>
      <Progress label="Recovery" value={settled} most={count} />
    </div>
  );
}
