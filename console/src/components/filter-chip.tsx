import { Select } from '@base-ui/react/select';
import { type RefObject, useRef } from 'react';
import { Icon } from './icon.tsx';
import type { Option } from './select.tsx';

interface Props {
  label: string;
  value: string | undefined;
  options: readonly Option[];
  onChange: (value: string | undefined) => void;
}

/** A filter as a chip: dashed while it is not set; its cross takes it away. */
export const FilterChip = ({ label, value, options, onChange }: Props) => {
  const trigger = useRef<HTMLButtonElement>(null);
  const chosen = options.find((option) => option.value === value);
  return (
    <span className="chip-group">
      <Select.Root items={options} value={value ?? null} onValueChange={(next) => onChange(next ?? undefined)}>
        <Select.Trigger
          ref={trigger}
          className="chip"
          data-set={value === undefined ? undefined : ''}
          aria-label={value === undefined ? `Filter by ${label.toLowerCase()}` : `${label}: ${chosen?.label ?? value}`}
        >
          {value === undefined ? (
            <>
              <Icon name="plus" size={12} /> {label}
            </>
          ) : (
            <span className="truncate">
              {label}: {chosen?.label ?? value}
            </span>
          )}
        </Select.Trigger>
        <Select.Portal>
          <Select.Positioner className="popup-positioner" sideOffset={4} alignItemWithTrigger={false} align="start">
            <Select.Popup className="popup">
              {options.map((option) => (
                <Select.Item key={option.value} value={option.value} className="menu-item">
                  <Select.ItemText className="truncate">{option.label}</Select.ItemText>
                  <Select.ItemIndicator>
                    <Icon name="check" size={12} />
                  </Select.ItemIndicator>
                </Select.Item>
              ))}
            </Select.Popup>
          </Select.Positioner>
        </Select.Portal>
      </Select.Root>
      {value !== undefined && <RemoveFilter label={label} trigger={trigger} onRemove={() => onChange(undefined)} />}
    </span>
  );
};

interface RemoveProps {
  label: string;
  /** Gets the focus, which would be lost with this button. */
  trigger: RefObject<HTMLButtonElement | null>;
  onRemove: () => void;
}

export const RemoveFilter = ({ label, trigger, onRemove }: RemoveProps) => (
  <button
    type="button"
    className="chip-remove"
    aria-label={`Remove the filter by ${label.toLowerCase()}`}
    onClick={() => {
      trigger.current?.focus();
      onRemove();
    }}
  >
    <Icon name="close" size={12} />
  </button>
);
