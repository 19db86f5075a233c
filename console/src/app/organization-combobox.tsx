import { Combobox } from '@base-ui/react/combobox';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { organizationsQuery } from '../api/operator-queries.ts';
import type { Schemas } from '../api/client.ts';

const nameOf = ({ id, name }: Schemas['Organization']): string => name ?? id;
const matches = (item: Schemas['Organization'], typed: string): boolean =>
  `${item.name ?? ''} ${item.id}`.toLowerCase().includes(typed.trim().toLowerCase());

/** The newest organizations, found by name or id. */
export function OrganizationCombobox({ current }: { current: string | null }) {
  const navigate = useNavigate();
  const { data } = useInfiniteQuery(organizationsQuery());
  const items = data?.pages.flatMap((page) => page.data) ?? [];
  const selected = items.find(({ id }) => id === current) ?? null;
  return (
    <Combobox.Root
      items={items}
      value={selected}
      itemToStringLabel={nameOf}
      isItemEqualToValue={(item, value) => item.id === value.id}
      filter={matches}
      onValueChange={(chosen) => {
        if (chosen === null) return;
        void navigate({ to: '/organizations/$organizationId', params: { organizationId: chosen.id } });
      }}
    >
      <Combobox.Input className="input" placeholder="Choose an organization" aria-label="Organization" />
      <Combobox.Portal>
        <Combobox.Positioner className="popup-positioner" sideOffset={4}>
          <Combobox.Popup className="popup">
            <Combobox.Empty>
              <div className="small muted">No such organization among the newest. See the list of all.</div>
            </Combobox.Empty>
            <Combobox.List>
              {(item: Schemas['Organization']) => (
                <Combobox.Item key={item.id} value={item} className="menu-item">
                  <span className="truncate">{nameOf(item)}</span>
                </Combobox.Item>
              )}
            </Combobox.List>
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  );
}
