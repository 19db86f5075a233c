import { Progress as Base } from '@base-ui/react/progress';

/** How far something is; `most` null: not known yet. */
export const Progress = ({ label, value, most }: { label: string; value: number; most: number | null }) => (
  <Base.Root value={most === null ? null : value} max={Math.max(most ?? 1, 1)} aria-label={label}>
    <Base.Track className="progress">
      <Base.Indicator className="progress-bar" />
    </Base.Track>
  </Base.Root>
);
