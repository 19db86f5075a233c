import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useRouteContext } from '@tanstack/react-router';
import { useState } from 'react';
import { api, unwrap } from '../../api/client.ts';
import { systemQuery } from '../../api/operator-queries.ts';
import { useAction, useMayChange } from '../../app/action.ts';
import { counted } from '../../app/counts.ts';
import { isOperator } from '../../app/session.ts';
import { workflowUrl } from '../../app/temporal.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Confirm } from '../../components/dialog.tsx';
import { Icon } from '../../components/icon.tsx';
import { Menu } from '../../components/menu.tsx';
import type { Lead } from './lead.tsx';

/** The operator's release of a lead that waits, and erasure. */
export function LeadActions({ lead }: { lead: Lead }) {
  const { caller } = useRouteContext({ from: '/shell' });
  const [asks, setAsks] = useState<'complete' | 'erase' | null>(null);
  const close = () => setAsks(null);
  const { complete, erase } = useLeadActions(lead, close);
  const mayChange = useMayChange();
  if (lead.stage === 'erased') return null;
  if (!mayChange) return <WorkflowLink lead={lead} />;
  const open = lead.deliveries.filter(({ status }) => status !== 'delivered' && status !== 'abandoned').length;
  return (
    <>
      <WorkflowLink lead={lead} />
      {isOperator(caller) && lead.stage === 'waiting_for_enrichment' && (
        <Button kind="primary" onClick={() => setAsks('complete')}>
          Complete the enrichment …
        </Button>
      )}
      <Menu
        trigger={<IconButton icon="more" label="More actions" kind={undefined} />}
        entries={[{ label: "Erase the lead's personal data …", danger: true, onSelect: () => setAsks('erase') }]}
      />
      <Confirm
        open={asks === 'complete'}
        onClose={close}
        title="Complete the enrichment"
        action="Complete"
        busy={complete.isPending}
        onConfirm={() => complete.mutate()}
      >
        <p>
          <code>lead.enriched</code> goes out with what is known, the absent groups left out; then the contact event, if
          one waits. A write-back that comes later is recorded and sends nothing.
        </p>
      </Confirm>
      <Confirm
        open={asks === 'erase'}
        onClose={close}
        title="Erase the lead"
        action="Erase for good"
        danger
        busy={erase.isPending}
        onConfirm={() => erase.mutate()}
      >
        <p>
          Its payloads, answers and history are removed for good; a tombstone of its ids stays.{' '}
          <strong>{counted(open, 'unsettled delivery', 'unsettled deliveries')}</strong> will be abandoned as{' '}
          <code>lead_erased</code>, and events of it that come later are dropped.
        </p>
      </Confirm>
    </>
  );
}

/** Opens the lead's workflow in Temporal's UI: for an operator who is told where that is. */
function WorkflowLink({ lead }: { lead: Lead }) {
  const { caller } = useRouteContext({ from: '/shell' });
  const { data } = useQuery({ ...systemQuery(), enabled: isOperator(caller), refetchInterval: false });
  const url = data === undefined ? null : workflowUrl(data, lead.organization_id, lead.lead_id);
  if (url === null) return null;
  return (
    <a className="button" href={url} target="_blank" rel="noreferrer">
      Workflow in Temporal <Icon name="external" size={13} />
    </a>
  );
}

function useLeadActions(lead: Lead, close: () => void) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const organizationId = lead.organization_id;
  const path = { params: { path: { organizationId, leadId: lead.lead_id } } };
  const complete = useAction({
    run: () => unwrap(api.POST('/v1/organizations/{organizationId}/leads/{leadId}/complete-enrichment', path)),
    refresh: [organizationId],
    done: 'Completed with what is known',
    failed: 'Not completed',
    onDone: close,
  });
  const erase = useAction({
    run: () => unwrap(api.DELETE('/v1/organizations/{organizationId}/leads/{leadId}', path)),
    refresh: [organizationId],
    done: 'Erased',
    failed: 'Not erased',
    onDone: () => {
      client.removeQueries({ queryKey: ['lead-pages', organizationId] });
      void navigate({ to: '/organizations/$organizationId/leads', params: { organizationId } });
    },
  });
  return { complete, erase };
}
