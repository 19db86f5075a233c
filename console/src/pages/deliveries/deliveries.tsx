import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useMayChange } from '../../app/action.ts';
import type { DeliveryFilter } from '../../app/search.ts';
import { Button } from '../../components/button.tsx';
import { Page } from '../../components/page.tsx';
import { DeliveryFilters } from './delivery-filters.tsx';
import { LiveDeliveries } from './live-deliveries.tsx';
import { RecoverMatching } from './recover-matching.tsx';

/** Deliveries as the address says: every filter is in it, so that a view can be sent to somebody. */
export function DeliveriesPage() {
  const from = '/shell/organizations/$organizationId/deliveries';
  const { organizationId } = useParams({ from });
  const filter = useSearch({ from });
  const navigate = useNavigate();
  const [isRecovering, setRecovering] = useState(false);
  const mayChange = useMayChange();
  const change = (next: DeliveryFilter) =>
    void navigate({ to: '/organizations/$organizationId/deliveries', params: { organizationId }, search: next });
  const mayMatchAbandoned = filter.status === undefined || filter.status === 'abandoned';
  return (
    <Page
      title="Deliveries"
      subtitle="Every event at every endpoint, newest first."
      actions={
        mayChange &&
        mayMatchAbandoned && (
          <Button icon="jobs" onClick={() => setRecovering(true)}>
            Recover abandoned …
          </Button>
        )
      }
    >
      <DeliveryFilters organizationId={organizationId} filter={filter} onChange={change} />
      <LiveDeliveries organizationId={organizationId} filter={filter} onClear={() => change({})} />
      {isRecovering && (
        <RecoverMatching organizationId={organizationId} filter={filter} onClose={() => setRecovering(false)} />
      )}
    </Page>
  );
}
