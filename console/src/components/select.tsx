import { Select as Base } from '@base-ui/react/select';
import { Icon } from './icon.tsx';

export interface Option {
  value: string;
  label: string;
}

interface Props {
  label: string;
  value: string;
  options: readonly Option[];
  onChange: (value: string) => void;
}

/** One of a few. Its label is read out, not shown: a field around it shows one. */
export const Select = ({ label, value, options, onChange }: Props) => (
  <Base.Root items={options} value={value} onValueChange={(next) => next !== null && onChange(next)}>
    <Base.Trigger className="select-trigger" aria-label={label}>
      <Base.Value />
      <Base.Icon>
        <Icon name="chevron" size={12} />
      </Base.Icon>
    </Base.Trigger>
    <Base.Portal>
      <Base.Positioner className="popup-positioner" sideOffset={4} alignItemWithTrigger={false}>
        <Base.Popup className="popup">
          {options.map((option) => (
            <Base.Item key={option.value} value={option.value} className="menu-item">
              <Base.ItemText>{option.label}</Base.ItemText>
              <Base.ItemIndicator>
                <Icon name="check" size={12} />
              </Base.ItemIndicator>
            </Base.Item>
          ))}
        </Base.Popup>
      </Base.Positioner>
    </Base.Portal>
  </Base.Root>
);
