import { Menu as Base } from '@base-ui/react/menu';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { Icon, type IconName } from './icon.tsx';

export type MenuEntry =
  | {
      label: string;
      icon?: IconName | undefined;
      danger?: boolean | undefined;
      disabled?: boolean | undefined;
      onSelect: () => void;
    }
  | { label: string; icon?: IconName | undefined; to: string }
  | 'separator';

/** A menu of actions and links behind a button. */
export const Menu = ({
  trigger,
  entries,
  align = 'end',
}: {
  trigger: ReactElement;
  entries: MenuEntry[];
  align?: 'start' | 'end';
}) => (
  <Base.Root>
    <Base.Trigger render={trigger} />
    <Base.Portal>
      <Base.Positioner className="popup-positioner" sideOffset={4} align={align}>
        <Base.Popup className="popup">
          {entries.map((entry, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: separators have no other name, and entries do not move
            <Entry key={index} entry={entry} />
          ))}
        </Base.Popup>
      </Base.Positioner>
    </Base.Portal>
  </Base.Root>
);

function Entry({ entry }: { entry: MenuEntry }) {
  if (entry === 'separator') return <Base.Separator className="menu-separator" />;
  const content = (
    <>
      {entry.icon && <Icon name={entry.icon} size={14} />}
      {entry.label}
    </>
  );
  if ('to' in entry) {
    return (
      <Base.LinkItem className="menu-item" closeOnClick render={<Link to={entry.to} />}>
        {content}
      </Base.LinkItem>
    );
  }
  return (
    <Base.Item
      className="menu-item"
      data-danger={entry.danger ? '' : undefined}
      disabled={entry.disabled ?? false}
      onClick={entry.onSelect}
    >
      {content}
    </Base.Item>
  );
}
