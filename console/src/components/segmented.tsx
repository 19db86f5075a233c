import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';

interface Props<Value extends string> {
  label: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
}

/** One of two to four that are all seen. */
export const Segmented = <Value extends string>({ label, value, options, onChange }: Props<Value>) => (
  <ToggleGroup
    className="segmented"
    aria-label={label}
    value={[value]}
    onValueChange={([next]) => next !== undefined && onChange(next as Value)}
  >
    {options.map((option) => (
      <Toggle key={option.value} value={option.value}>
        {option.label}
      </Toggle>
    ))}
  </ToggleGroup>
);
