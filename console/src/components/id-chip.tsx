import { Popover } from '@base-ui/react/popover';
import { type FormEvent, useState } from 'react';
import { Button } from './button.tsx';
import { Field, Input } from './field.tsx';
import { RemoveFilter } from './filter-chip.tsx';
import { Icon } from './icon.tsx';

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
    <span className="chip-group">
      <Popover.Root open={isOpen} onOpenChange={setOpen}>
        <Popover.Trigger
          className="chip"
          data-set={value === undefined ? undefined : ''}
          aria-label={value === undefined ? `Filter by ${label.toLowerCase()}` : `${label}: ${value}`}
        >
          {value === undefined ? (
            <>
              <Icon name="plus" size={12} /> {label}
            </>
          ) : (
            `${label}: ${value.slice(0, 8)}`
          )}
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Positioner className="popup-positioner" sideOffset={4} align="start">
            <Popover.Popup className="popup" aria-label={`Filter by ${label.toLowerCase()}`}>
              <form className="popup-body" onSubmit={submit}>
                <Field label={`${label} id`} error={typed !== '' && !isValid ? 'Expected a UUID.' : undefined}>
                  <Input className="input" value={typed} onChange={(event) => setTyped(event.target.value)} autoFocus />
                </Field>
                <Button kind="primary" type="submit" disabled={!isValid}>
                  Filter
                </Button>
              </form>
            </Popover.Popup>
          </Popover.Positioner>
        </Popover.Portal>
      </Popover.Root>
      {value !== undefined && <RemoveFilter label={label} onRemove={() => onChange(undefined)} />}
    </span>
  );
}
