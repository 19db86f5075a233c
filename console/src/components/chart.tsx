import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import { atTime } from './time.tsx';

export interface Series {
  label: string;
  /** A custom property of tokens.css: `--good-mark`. */
  colour: string;
  values: (number | null)[];
}

interface Props {
  /** Seconds since 1970, evenly apart. */
  times: number[];
  series: Series[];
  kind: 'stacked' | 'lines';
  /** What a value reads as. */
  format: (value: number) => string;
  label: string;
}

const height = 180;

/** A chart over time. It is a picture only: a table with the same numbers belongs beside it. */
export function Chart({ times, series, kind, format, label }: Props) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const draw = () => plot(element, { times, series, kind, format });
    let chart = draw();
    const redraw = () => {
      chart.destroy();
      chart = draw();
    };
    const sizes = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    sizes.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', redraw);
    const theme = new MutationObserver(redraw);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      sizes.disconnect();
      theme.disconnect();
      scheme.removeEventListener('change', redraw);
      chart.destroy();
    };
  }, [times, series, kind, format]);
  return <div ref={host} className="chart" role="img" aria-label={label} />;
}

function plot(element: HTMLElement, { times, series, kind, format }: Omit<Props, 'label'>): UPlot {
  const colour = (name: string): string => resolved(element, name);
  const isStacked = kind === 'stacked';
  const data = isStacked ? stacked(series) : series.map(({ values }) => values);
  const axis = {
    stroke: colour('--text-muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui',
  };
  return new UPlot(
    {
      width: element.clientWidth,
      height,
      cursor: { y: false, drag: { setScale: false }, points: { show: !isStacked } },
      // Filled where the series is; a line has its colour in the border alone.
      legend: { live: true, markers: { width: isStacked ? 0 : 2 } },
      scales: {
        // As far as the last span reaches, not only to where it begins.
        x: { range: (_chart, first, last) => [first, last + ((times[1] ?? 0) - (times[0] ?? 0))] },
        y: { range: (_chart, _low, high) => [0, Math.max(high * 1.08, 1)] },
      },
      axes: [
        { ...axis, space: 70, values: (_chart, splits) => splits.map(tick) },
        { ...axis, size: 54, values: (_chart, splits) => splits.map(format) },
      ],
      series: [
        { label: '', value: (_chart, at) => (at === null ? '' : atTime(new Date(at * 1_000).toISOString())) },
        ...series.map((one, index) => ({
          label: one.label,
          stroke: colour(one.colour),
          ...(isStacked
            ? { fill: colour(one.colour), width: 0, paths: bars(), points: { show: false } }
            : { width: 1.75, spanGaps: true, points: { size: 4 } }),
          value: (_chart: UPlot, _shown: number, _series: number, at: number | null) => {
            const value = at === null ? null : series[index]?.values[at];
            return value === null || value === undefined ? '' : format(value);
          },
        })),
      ],
    },
    [times, ...data],
    element,
  );
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
/** The time of day; at midnight the day that begins. */
function tick(seconds: number): string {
  const moment = new Date(seconds * 1_000);
  return moment.getHours() + moment.getMinutes() === 0 ? day.format(moment) : clock.format(moment);
}

const bars = () => UPlot.paths.bars?.({ size: [0.8, 18], align: 1 }) as UPlot.Series.PathBuilder;

// The first series is drawn first, as high as all together; each one after it covers what is not its own.
function stacked(series: Series[]): (number | null)[][] {
  return series.map((_, first) =>
    (series[0]?.values ?? []).map((_value, at) =>
      series.slice(first).reduce((sum, { values }) => sum + (values[at] ?? 0), 0),
    ),
  );
}

/** A custom property's colour as the page shows it now: light-dark() is resolved on an element only. */
function resolved(element: HTMLElement, name: string): string {
  const before = element.style.color;
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = before;
  return color;
}
