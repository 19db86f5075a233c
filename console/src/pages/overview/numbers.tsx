import type { Schemas } from '../../api/client.ts';
import { number, percent } from '../../app/counts.ts';
import { latencyWords } from '../../components/delivery-charts.tsx';
import { Stats } from '../../components/stats.tsx';
import { type Backlog, totalOf, unsettledStatuses } from './backlog.ts';

/** The numbers of a span of time, and what waits now. */
export const Numbers = ({
  statistics,
  backlog,
}: {
  statistics: Schemas['Statistics'] | undefined;
  backlog: Backlog | undefined;
}) => {
  const total = statistics?.total;
  const settled = (total?.delivered ?? 0) + (total?.abandoned ?? 0);
  return (
    <Stats
      stats={[
        {
          label: 'Delivered',
          value: total ? number(total.delivered) : '–',
          note: total && `of ${number(settled + total.unsettled)}${statistics.is_complete ? '' : '+'} created`,
        },
        {
          label: 'Success rate',
          value: percent(total?.success_rate ?? null),
          note: total && `${number(total.abandoned)} abandoned`,
        },
        { label: 'Time to delivery, p50', value: latencyWords(total?.p50_ms ?? null) },
        { label: 'p95', value: latencyWords(total?.p95_ms ?? null) },
        {
          label: 'Backlog now',
          value: backlog ? `${number(totalOf(backlog.byStatus))}${backlog.isComplete ? '' : '+'}` : '–',
          note: backlog && backlogWords(backlog),
        },
      ]}
    />
  );
};

/** `3 held, 1 retrying`. */
function backlogWords({ byStatus }: Backlog): string {
  const words = unsettledStatuses.flatMap((status) =>
    byStatus[status] === 0 ? [] : [`${number(byStatus[status])} ${status}`],
  );
  return words.length === 0 ? 'nothing waits' : words.join(', ');
}
