import { type ReactNode, useRef } from 'react';
import { Button } from './button.tsx';
import { Code } from './code.tsx';
import { Dialog } from './dialog.tsx';

interface Props {
  title: string;
  /** The name of the secret, and its text. */
  label: string;
  text: string;
  done: string;
  /** What to do with it, above and below its text. */
  above?: ReactNode;
  below?: ReactNode;
  onClose: () => void;
}

/** A secret that is shown this once: the focus is on its copy button, and only the last button closes the dialog. */
export function ShownOnce({ title, label, text, done, above, below, onClose }: Props) {
  const copy = useRef<HTMLButtonElement>(null);
  return (
    <Dialog open onClose={onClose} title={title} wide locked initialFocus={copy}>
      <div className="stack">
        {above}
        <Code title={label} text={text} wrap copyRef={copy} />
        {below}
      </div>
      <div className="dialog-actions">
        <Button kind="primary" onClick={onClose}>
          {done}
        </Button>
      </div>
    </Dialog>
  );
}
