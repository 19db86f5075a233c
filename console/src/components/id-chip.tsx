import { type FormEvent, useState } from 'react';
import { Button } from './button.tsx';
import { Field, Input } from './field.tsx';
import { PopoverChip } from './popover-chip.tsx';

interface Props {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A filter by an id that is pasted. */
export function IdChip({ label, value, onChange }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [typed, setTyped] = useState('');
  const isValid = uuid.test(typed.trim());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isValid) return;
    onChange(typed.trim().toLowerCase());
    setTyped('');
    setOpen(false);
  };
  return (
    <PopoverChip
      label={label}
      value={value === undefined ? null : { short: value.slice(0, 8), whole: value }}
      isOpen={isOpen}
      onOpen={setOpen}
      onRemove={() => onChange(undefined)}
    >
      <form className="popup-body" onSubmit={submit}>
        <Field label={`${label} id`} error={typed !== '' && !isValid ? 'Expected a UUID.' : undefined}>
          <Input className="input" value={typed} onChange={(event) => setTyped(event.target.value)} autoFocus />
        </Field>
        <Button kind="primary" type="submit" disabled={!isValid}>
          Filter
        </Button>
      </form>
    </PopoverChip>
  );
}
