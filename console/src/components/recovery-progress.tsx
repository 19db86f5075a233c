import { useQuery } from '@tanstack/react-query';
import { jobQuery } from '../api/operator-queries.ts';
import { number } from '../app/counts.ts';
import { Progress } from './progress.tsx';

/** How far a recovery is: looked at again until it is done. */
export function RecoveryProgress({ organizationId, jobId }: { organizationId: string; jobId: string }) {
  const { data, isError } = useQuery(jobQuery(organizationId, jobId));
  const settled = (data?.delivered ?? 0) + (data?.abandoned ?? 0);
  const count = data?.count ?? null;
  return (
    <div className="stack-small">
      <span className="small muted numeric">
        {isError
          ? 'no answer, trying again'
          : count === null
            ? 'being counted'
            : data?.status === 'done'
              ? `${number(data.delivered)} delivered, ${number(data.abandoned)} abandoned again`
              : `${number(settled)} of ${number(count)} settled`}
      </span>
      <Progress label="Recovery" value={settled} most={count} />
    </div>
  );
}
