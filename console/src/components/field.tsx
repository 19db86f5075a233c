import { Checkbox as BaseCheckbox } from '@base-ui/react/checkbox';
import { Field as Base } from '@base-ui/react/field';
import type { ReactNode } from 'react';
import { Icon } from './icon.tsx';

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  children: ReactNode;
}

/** A control with its label, a hint, and what is wrong with it; they are tied together for assistive technology. */
export const Field = ({ label, hint, error, children }: FieldProps) => (
  <Base.Root className="field" invalid={error !== undefined}>
    <Base.Label className="field-label">{label}</Base.Label>
    {children}
    {hint && <Base.Description className="field-hint">{hint}</Base.Description>}
    {error !== undefined && (
      <Base.Error className="field-error" match>
        {error}
      </Base.Error>
    )}
  </Base.Root>
);

/** The text control of the field around it. */
export const Input = Base.Control;

interface CheckboxProps {
  label: ReactNode;
  hint?: ReactNode;
  checked: boolean;
  disabled?: boolean | undefined;
  onChange: (checked: boolean) => void;
}

export const Checkbox = ({ label, hint, checked, disabled, onChange }: CheckboxProps) => (
  <Base.Root className="check-row">
    <BaseCheckbox.Root className="checkbox" checked={checked} disabled={disabled ?? false} onCheckedChange={onChange}>
      <BaseCheckbox.Indicator>
        <Icon name={disabled ? 'lock' : 'check'} size={11} />
      </BaseCheckbox.Indicator>
    </BaseCheckbox.Root>
    <div>
      <Base.Label>{label}</Base.Label>
      {hint && <Base.Description className="field-hint">{hint}</Base.Description>}
    </div>
  </Base.Root>
);
