import type { ReactNode } from 'react';

export interface Stat {
  label: string;
  value: ReactNode;
  note?: ReactNode;
}

/** A few numbers that tell how things are. */
export const Stats = ({ stats }: { stats: Stat[] }) => (
  <dl className="stats">
    {stats.map(({ label, value, note }) => (
      <div key={label} className="stat">
        <dt>{label}</dt>
        <dd>
          {value}
          {note && <small>{note}</small>}
        </dd>
      </div>
    ))}
  </dl>
);
