import { type ReactNode, type Ref, useEffect, useRef, useState } from 'react';
import { Button } from './button.tsx';
import { sayFailed } from './toasts.tsx';

interface CopyProps {
  text: string;
  label?: string;
  ref?: Ref<HTMLButtonElement> | undefined;
}

/** Copies `text`, and says so on itself. */
export function CopyButton({ text, label = 'Copy', ref }: CopyProps) {
  const [copied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setCopied(false), 2_000);
    } catch (error) {
      sayFailed('Not copied', error);
    }
  };
  return (
    <Button
      ref={ref}
      size="small"
      kind="quiet"
      icon={copied ? 'check' : 'copy'}
      onClick={() => void copy()}
      aria-live="polite"
    >
      {copied ? 'Copied' : label}
    </Button>
  );
}

interface CodeProps {
  text: string;
  title: string;
  wrap?: boolean | undefined;
  /** What is shown in place of the plain text; copying gives the text. */
  children?: ReactNode;
  actions?: ReactNode;
  copyRef?: Ref<HTMLButtonElement> | undefined;
}

/** Text in its exact form, with a button that copies it. */
export const Code = ({ text, title, wrap, children, actions, copyRef }: CodeProps) => (
  <div className="code" data-wrap={wrap ? '' : undefined}>
    <div className="code-head">
      <span>{title}</span>
      <span className="row">
        {actions}
        <CopyButton text={text} ref={copyRef} />
      </span>
    </div>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keyboard */}
    <pre tabIndex={0} role="region" aria-label={title}>
      {children ?? text}
    </pre>
  </div>
);

export const Identifier = ({ id }: { id: string }) => <code className="wrap-anywhere">{id}</code>;

/** The first eight digits of an id, for lists; the whole is its title. */
export const ShortId = ({ id }: { id: string }) => <code title={id}>{id.slice(0, 8)}</code>;
