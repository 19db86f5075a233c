import { Tabs } from '@base-ui/react/tabs';
import { lazy, Suspense, useMemo, useState } from 'react';
import type { Schemas } from '../api/client.ts';
import { number } from '../app/counts.ts';
import { Button } from './button.tsx';
import { Card, Loading } from './page.tsx';
import { At, duration } from './time.tsx';

const Chart = lazy(() => import('./chart.tsx').then((module) => ({ default: module.Chart })));

type Statistics = Schemas['Statistics'];

interface Props {
  statistics: Statistics;
  /** They are counted over all organizations. */
  ofAll?: boolean;
}

/** Deliveries by outcome and their latency over time, as charts or as the table of the same numbers. */
export function DeliveryCharts({ statistics, ofAll = false }: Props) {
  const [asTable, setAsTable] = useState(false);
  const times = useMemo(() => bucketTimes(statistics), [statistics]);
  const { outcomes, latencies } = useMemo(() => seriesOf(statistics, times), [statistics, times]);
  const { total, is_complete, counted_since } = statistics;
  return (
    <Tabs.Root defaultValue="outcomes">
      <Card
        flush
        title="Deliveries over time"
        actions={
          <>
            <Tabs.List className="segmented">
              <Tabs.Tab value="outcomes">Outcome</Tabs.Tab>
              <Tabs.Tab value="latency">Latency</Tabs.Tab>
            </Tabs.List>
            <Button size="small" onClick={() => setAsTable(!asTable)} aria-pressed={asTable}>
              {asTable ? 'Show chart' : 'Show table'}
            </Button>
          </>
        }
        note={
          is_complete ? undefined : (
            <>
              {ofAll
                ? 'Of each organization at most the newest 1,000 deliveries are counted: everything only since '
                : 'The newest 10,000 deliveries are counted, since '}
              <At at={counted_since} />.
            </>
          )
        }
      >
        {asTable ? (
          <StatisticsTable statistics={statistics} />
        ) : (
          <div className="card-body">
            <Suspense fallback={<Loading rows={4} />}>
              <Tabs.Panel value="outcomes">
                <Chart
                  times={times}
                  series={outcomes}
                  kind="stacked"
                  format={number}
                  label={`Deliveries: ${total.delivered} delivered, ${total.abandoned} abandoned, ${total.unsettled} unsettled.`}
                />
              </Tabs.Panel>
              <Tabs.Panel value="latency">
                <Chart
                  times={times}
                  series={latencies}
                  kind="lines"
                  format={duration}
                  label={`Time to delivery: half within ${latencyWords(total.p50_ms)}, 95 % within ${latencyWords(total.p95_ms)}.`}
                />
              </Tabs.Panel>
            </Suspense>
          </div>
        )}
      </Card>
    </Tabs.Root>
  );
}

export const latencyWords = (ms: number | null): string => (ms === null ? '–' : duration(ms));

const StatisticsTable = ({ statistics: { buckets } }: { statistics: Statistics }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keyboard
  <div className="table-scroll table-limited" tabIndex={0} role="region" aria-label="Deliveries over time, as a table">
    <table className="table">
      <thead>
        <tr>
          <th scope="col">From</th>
          {['Delivered', 'Abandoned', 'Unsettled', 'p50', 'p95'].map((name) => (
            <th key={name} scope="col" className="right">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {buckets.toReversed().map(({ at, delivered, abandoned, unsettled, p50_ms, p95_ms }) => (
          <tr key={at}>
            <td>
              <At at={at} />
            </td>
            <td className="right numeric">{number(delivered)}</td>
            <td className="right numeric">{number(abandoned)}</td>
            <td className="right numeric">{number(unsettled)}</td>
            <td className="right numeric">{latencyWords(p50_ms)}</td>
            <td className="right numeric">{latencyWords(p95_ms)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

/** Every span from the first to now, those without a delivery too. */
function bucketTimes({ since, bucket_seconds }: Statistics): number[] {
  const first = new Date(since).getTime() / 1_000;
  const count = Math.max(1, Math.ceil((Date.now() / 1_000 - first) / bucket_seconds));
  return Array.from({ length: count }, (_, index) => first + index * bucket_seconds);
}

function seriesOf({ buckets }: Statistics, times: number[]) {
  const byTime = new Map(buckets.map((bucket) => [new Date(bucket.at).getTime() / 1_000, bucket]));
  const values = (name: 'delivered' | 'abandoned' | 'unsettled') => times.map((time) => byTime.get(time)?.[name] ?? 0);
  const latency = (name: 'p50_ms' | 'p95_ms') => times.map((time) => byTime.get(time)?.[name] ?? null);
  return {
    outcomes: [
      { label: 'Abandoned', colour: '--bad-mark', values: values('abandoned') },
      { label: 'Unsettled', colour: '--info-mark', values: values('unsettled') },
      { label: 'Delivered', colour: '--good-mark', values: values('delivered') },
    ],
    latencies: [
      { label: 'p95', colour: '--warn-mark', values: latency('p95_ms') },
      { label: 'p50', colour: '--info-mark', values: latency('p50_ms') },
    ],
  };
}
