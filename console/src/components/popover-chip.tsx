import { Popover } from '@base-ui/react/popover';
import { type ReactNode, useRef } from 'react';
import { RemoveFilter } from './filter-chip.tsx';
import { Icon } from './icon.tsx';

interface Props {
  label: string;
  /** What it is set to, short and whole; null: it is not set. */
  value: { short: string; whole: string } | null;
  isOpen: boolean;
  onOpen: (isOpen: boolean) => void;
  onRemove: () => void;
  /** The form in which it is set. */
  children: ReactNode;
}

/** A filter as a chip that opens a form: dashed while it is not set; its cross takes it away. */
export function PopoverChip({ label, value, isOpen, onOpen, onRemove, children }: Props) {
  const trigger = useRef<HTMLButtonElement>(null);
  return (
    <span className="chip-group">
      <Popover.Root open={isOpen} onOpenChange={onOpen}>
        <Popover.Trigger
          ref={trigger}
          className="chip"
          data-set={value === null ? undefined : ''}
          aria-label={value === null ? `Filter by ${label.toLowerCase()}` : `${label}: ${value.whole}`}
        >
          {value === null ? (
            <>
              <Icon name="plus" size={12} /> {label}
            </>
          ) : (
            <span className="truncate">{`${label}: ${value.short}`}</span>
          )}
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Positioner className="popup-positioner" sideOffset={4} align="start">
            <Popover.Popup className="popup" aria-label={`Filter by ${label.toLowerCase()}`}>
              {children}
            </Popover.Popup>
          </Popover.Positioner>
        </Popover.Portal>
      </Popover.Root>
      {value !== null && <RemoveFilter label={label} trigger={trigger} onRemove={onRemove} />}
    </span>
  );
}
