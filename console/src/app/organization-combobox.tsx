import { Combobox } from '@base-ui/react/combobox';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Schemas } from '../api/client.ts';
import { organizationSearchQuery } from '../api/operator-queries.ts';
import { organizationQuery } from '../api/queries.ts';

const nameOf = ({ id, name }: Schemas['Organization']): string => name ?? id;

/** The organization that is shown, and others found by name or id: the service searches, the newest come first. */
export function OrganizationCombobox({ current }: { current: string | null }) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const found = useQuery(organizationSearchQuery(typed.trim()));
  const shown = useQuery({ ...organizationQuery(current ?? ''), enabled: current !== null });
  return (
    <Combobox.Root
      items={found.data?.data ?? []}
      value={(current !== null && shown.data) || null}
      itemToStringLabel={nameOf}
      isItemEqualToValue={(item, value) => item.id === value.id}
      filter={null}
      // The name of what was chosen is written into the input too: that is no search.
      onInputValueChange={(value, { reason }) => setTyped(reason === 'input-change' ? value : '')}
      onValueChange={(chosen) => {
        if (chosen === null) return;
        void navigate({ to: '/organizations/$organizationId', params: { organizationId: chosen.id } });
      }}
    >
      <Combobox.Input
        className="input"
        maxLength={200}
        placeholder="Choose an organization"
        aria-label="Organization"
      />
      <Combobox.Portal>
        <Combobox.Positioner className="popup-positioner" sideOffset={4}>
          <Combobox.Popup className="popup">
            <Combobox.Empty>
              <div className="small muted">{found.isPending ? 'Searching …' : 'No such organization.'}</div>
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
