import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../../api/client.ts';
import { endpointJobsQuery } from '../../api/operator-queries.ts';
import { counted } from '../../app/counts.ts';
import { Badge } from '../../components/badge.tsx';
import { Card } from '../../components/page.tsx';
import { RecoveryProgress } from '../../components/recovery-progress.tsx';
import { Ago } from '../../components/time.tsx';

/** The newest recoveries of an endpoint; nothing where there was none. */
export function Recoveries({ organizationId, endpointId }: { organizationId: string; endpointId: string }) {
  const { data } = useQuery(endpointJobsQuery(organizationId, endpointId));
  const jobs = data?.data ?? [];
  if (jobs.length === 0) return null;
  return (
    <Card title="Recoveries" flush>
      <ul className="attention">
        {jobs.map((job) => (
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

const Running = ({ job }: { job: Schemas['Job'] }) => (
  <>
    <Badge tone="info">running</Badge>
    <div className="grow">
      <RecoveryProgress organizationId={job.organization_id} jobId={job.id} />
    </div>
  </>
);
