import type { Schemas } from '../../api/client.ts';
import { number, percent } from '../../app/counts.ts';
import { latencyWords } from '../../components/delivery-charts.tsx';
import { type Stat, Stats } from '../../components/stats.tsx';

/** The numbers of a span of time, and others beside them. */
export const Numbers = ({
  statistics,
  more = [],
}: {
  statistics: Schemas['Statistics'] | undefined;
  more?: Stat[];
}) => {
  const total = statistics?.total;
  const settled = (total?.delivered ?? 0) + (total?.abandoned ?? 0);
  return (
    <Stats
      stats={[
        {
          label: 'Delivered',
          value: total ? number(total.delivered) : '–',
          note: total && `of ${number(settled + total.unsettled)} created`,
        },
        {
          label: 'Success rate',
          value: percent(total?.success_rate ?? null),
          note: total && `${number(total.abandoned)} abandoned`,
        },
        { label: 'Time to delivery, p50', value: latencyWords(total?.p50_ms ?? null) },
        { label: 'p95', value: latencyWords(total?.p95_ms ?? null) },
        { label: 'Not settled', value: total ? number(total.unsettled) : '–' },
        ...more,
      ]}
    />
  );
};
