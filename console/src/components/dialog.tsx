import { AlertDialog } from '@base-ui/react/alert-dialog';
import { Dialog as Base } from '@base-ui/react/dialog';
import type { ReactNode, RefObject } from 'react';
import { Button } from './button.tsx';
import { IconButton } from './button.tsx';

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  wide?: boolean | undefined;
  /** Only its own buttons close it: something is under way, or shown that cannot be shown again. */
  locked?: boolean | undefined;
  /** What has the focus first; else its first button. */
  initialFocus?: RefObject<HTMLElement | null> | undefined;
  children: ReactNode;
}

/** A modal dialog: focus stays in it, Escape and the backdrop close it, and focus returns to where it was. */
export const Dialog = ({ open, onClose, title, wide, locked, initialFocus, children }: DialogProps) => (
  <Base.Root open={open} onOpenChange={(isOpen) => !isOpen && !locked && onClose()}>
    <Base.Portal>
      <Base.Backdrop className="backdrop" />
      <Base.Popup className="dialog" data-wide={wide ? '' : undefined} initialFocus={initialFocus}>
        <div className="row spread">
          <Base.Title className="dialog-title">{title}</Base.Title>
          {!locked && <Base.Close render={<IconButton icon="close" label="Close" />} />}
        </div>
        {children}
      </Base.Popup>
    </Base.Portal>
  </Base.Root>
);

interface ConfirmProps {
  open: boolean;
  onClose: () => void;
  title: string;
  /** What will happen, with numbers; shown before anything can be confirmed. */
  children: ReactNode;
  action: string;
  danger?: boolean | undefined;
  /** Not yet: what will happen is still being counted, or it is under way. */
  busy?: boolean | undefined;
  onConfirm: () => void;
}

/** Asks before something that changes much: nothing happens until its action is pressed. */
export const Confirm = ({ open, onClose, title, children, action, danger, busy, onConfirm }: ConfirmProps) => (
  <AlertDialog.Root open={open} onOpenChange={(isOpen) => !isOpen && onClose()}>
    <AlertDialog.Portal>
      <AlertDialog.Backdrop className="backdrop" />
      <AlertDialog.Popup className="dialog">
        <AlertDialog.Title className="dialog-title">{title}</AlertDialog.Title>
        <AlertDialog.Description render={<div className="stack-small" />}>{children}</AlertDialog.Description>
        <div className="dialog-actions">
          <AlertDialog.Close render={<Button>Cancel</Button>} />
          <Button kind={danger ? 'danger' : 'primary'} disabled={busy} onClick={onConfirm}>
            {action}
          </Button>
        </div>
      </AlertDialog.Popup>
    </AlertDialog.Portal>
  </AlertDialog.Root>
);
