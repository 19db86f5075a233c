import { createLink, type LinkComponent } from '@tanstack/react-router';
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { Icon, type IconName } from './icon.tsx';

export interface ButtonLook {
  kind?: 'primary' | 'danger' | 'quiet' | undefined;
  size?: 'small' | undefined;
  icon?: IconName | undefined;
}

interface Props extends ButtonHTMLAttributes<HTMLButtonElement>, ButtonLook {
  children?: ReactNode;
  ref?: Ref<HTMLButtonElement> | undefined;
}

export const Button = ({ kind, size, icon, children, type = 'button', ...rest }: Props) => (
  <button {...rest} type={type} className="button" data-kind={kind} data-size={size}>
    {icon && <Icon name={icon} size={14} />}
    {children}
  </button>
);

interface IconButtonProps extends Omit<Props, 'icon' | 'children'> {
  icon: IconName;
  label: string;
}

/** A button of an icon alone; `label` is its name. */
export const IconButton = ({ icon, label, kind = 'quiet', size, type = 'button', ...rest }: IconButtonProps) => (
  <button
    {...rest}
    type={type}
    className="button"
    data-icon=""
    data-kind={kind}
    data-size={size}
    aria-label={label}
    title={label}
  >
    <Icon name={icon} />
  </button>
);

interface AnchorProps extends ButtonLook {
  children?: ReactNode;
  className?: string;
  ref?: Ref<HTMLAnchorElement>;
}

const ButtonAnchor = ({ kind, size, icon, children, ...rest }: AnchorProps) => (
  <a {...rest} className="button" data-kind={kind} data-size={size}>
    {icon && <Icon name={icon} size={14} />}
    {children}
  </a>
);

/** A link that looks like a button: it goes somewhere, and opens in a new tab like any link. */
export const ButtonLink: LinkComponent<typeof ButtonAnchor> = createLink(ButtonAnchor);
