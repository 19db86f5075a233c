import { type FormEvent, useState } from 'react';
import { Button } from './button.tsx';
import { Field, Input } from './field.tsx';
import { PopoverChip } from './popover-chip.tsx';
import { atTime } from './time.tsx';

/** ISO 8601, UTC: from `since` on, before `until`. */
export interface TimeRange {
  since?: string | undefined;
  until?: string | undefined;
}

const hourMs = 3_600_000;
const spans = [
  { hours: 1, label: 'Last hour' },
  { hours: 24, label: 'Last 24 hours' },
  { hours: 168, label: 'Last 7 days' },
  { hours: 720, label: 'Last 30 days' },
];

/** A filter by time: one of some spans up to now, or a range. */
export function TimeChip({ range, onChange }: { range: TimeRange; onChange: (range: TimeRange) => void }) {
  const [isOpen, setOpen] = useState(false);
  const choose = (next: TimeRange) => {
    onChange(next);
    setOpen(false);
  };
  const words = wordsOf(range);
  return (
    <PopoverChip
      label="Time"
      value={words === null ? null : { short: words, whole: words }}
      isOpen={isOpen}
      onOpen={setOpen}
      onRemove={() => choose({})}
    >
      {spans.map(({ hours, label }) => (
        <button
          key={hours}
          type="button"
          className="menu-item"
          onClick={() => choose({ since: new Date(Date.now() - hours * hourMs).toISOString() })}
        >
          {label}
        </button>
      ))}
      <div className="menu-separator" />
      <RangeForm range={range} onChange={choose} />
    </PopoverChip>
  );
}

function RangeForm({ range, onChange }: { range: TimeRange; onChange: (range: TimeRange) => void }) {
  const [since, setSince] = useState(toLocal(range.since));
  const [until, setUntil] = useState(toLocal(range.until));
  const isReversed = since !== '' && until !== '' && since > until;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isReversed) onChange({ since: fromLocal(since), until: fromLocal(until) });
  };
  return (
    <form className="popup-body" onSubmit={submit}>
      <Field label="From" error={isReversed ? 'Expected a time before the other.' : undefined}>
        <Input
          type="datetime-local"
          className="input"
          value={since}
          onChange={(event) => setSince(event.target.value)}
        />
      </Field>
      <Field label="To">
        <Input
          type="datetime-local"
          className="input"
          value={until}
          onChange={(event) => setUntil(event.target.value)}
        />
      </Field>
      <Button kind="primary" type="submit" disabled={isReversed || (since === '' && until === '')}>
        Filter
      </Button>
    </form>
  );
}

function wordsOf({ since, until }: TimeRange): string | null {
  if (since !== undefined)
    return until === undefined ? `since ${atTime(since)}` : `${atTime(since)} to ${atTime(until)}`;
  return until === undefined ? null : `before ${atTime(until)}`;
}

/** As a `datetime-local` control has it: local time, to the minute. */
function toLocal(moment: string | undefined): string {
  if (moment === undefined) return '';
  const date = new Date(moment);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const fromLocal = (local: string): string | undefined => (local === '' ? undefined : new Date(local).toISOString());
