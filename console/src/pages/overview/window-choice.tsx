import type { Window } from '../../app/search.ts';
import { Segmented } from '../../components/segmented.tsx';

const options = [
  { value: '1h', label: '1 h' },
  { value: '24h', label: '24 h' },
  { value: '7d', label: '7 d' },
] as const satisfies { value: Window; label: string }[];

export const WindowChoice = ({ value, onChange }: { value: Window; onChange: (window: Window) => void }) => (
  <Segmented label="How far back" value={value} options={options} onChange={onChange} />
);
