import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { api, type Schemas, unwrap } from '../../api/client.ts';
import { healthQuery } from '../../api/queries.ts';
import { useAction } from '../../app/action.ts';
import { touched, unsettledOf } from '../../app/counts.ts';
import { Confirm } from '../../components/dialog.tsx';
import { Failed, Loading } from '../../components/page.tsx';
import type { EndpointDialogProps } from './endpoint-actions.tsx';

const pathOf = ({ organizationId, endpoint }: EndpointDialogProps) => ({
  params: { path: { organizationId, endpointId: endpoint.id } },
});

interface CountedProps {
  dialog: EndpointDialogProps;
  title: string;
  action: string;
  danger?: boolean;
  words: (health: Schemas['EndpointHealth']) => ReactNode;
  run: () => Promise<unknown>;
  done: string;
  onDone?: () => void;
}

/** Counts first, then asks. */
function CountedConfirm({ dialog, title, action, danger, words, run, done, onDone }: CountedProps) {
  const health = useQuery({ ...healthQuery(dialog.organizationId, dialog.endpoint.id), staleTime: 0 });
  const perform = useAction({
    run,
    refresh: [dialog.organizationId],
    done,
    failed: `Not done: ${title.toLowerCase()}`,
    onDone: () => {
      dialog.onClose();
      onDone?.();
    },
  });
  return (
    <Confirm
      open
      onClose={dialog.onClose}
      title={title}
      action={action}
      danger={danger}
      busy={health.data === undefined || perform.isPending}
      onConfirm={() => perform.mutate()}
    >
      {health.data ? words(health.data) : health.error ? <Failed error={health.error} /> : <Loading rows={2} />}
    </Confirm>
  );
}

export const PauseEndpoint = (props: EndpointDialogProps) => (
  <CountedConfirm
    dialog={props}
    title="Pause the endpoint"
    action="Pause"
    done="Paused"
    run={() => unwrap(api.POST('/v1/organizations/{organizationId}/endpoints/{endpointId}/pause', pathOf(props)))}
    words={(health) => (
      <>
        <p>
          <strong>{touched(health, health.unsettled.pending + health.unsettled.retrying)}</strong> will be held, in
          order, and so will all that come until you resume. Nothing is lost and no attempt is used up.
        </p>
        {health.unsettled.delivering > 0 && (
          <p>{touched(health, health.unsettled.delivering)} under way now will finish and count.</p>
        )}
      </>
    )}
  />
);

export const ResumeEndpoint = (props: EndpointDialogProps) => (
  <CountedConfirm
    dialog={props}
    title="Resume the endpoint"
    action="Resume"
    done="Resumed: one delivery goes first"
    run={() => unwrap(api.POST('/v1/organizations/{organizationId}/endpoints/{endpointId}/resume', pathOf(props)))}
    words={(health) => (
      <p>
        <strong>{touched(health, health.unsettled.held)}</strong> held here: one goes first. When it is delivered, the
        others follow in order, at a bounded rate; if it fails, they stay held.
      </p>
    )}
  />
);

export function DeleteEndpoint(props: EndpointDialogProps) {
  const navigate = useNavigate();
  const { organizationId } = props;
  return (
    <CountedConfirm
      dialog={props}
      title="Delete the endpoint"
      action="Delete"
      danger
      done="Deleted"
      onDone={() => void navigate({ to: '/organizations/$organizationId/webhooks', params: { organizationId } })}
      run={() => unwrap(api.DELETE('/v1/organizations/{organizationId}/endpoints/{endpointId}', pathOf(props)))}
      words={(health) => (
        <p>
          <strong>{touched(health, unsettledOf(health))}</strong> will be abandoned for good, with the reason{' '}
          <code>endpoint_deleted</code>: no recovery brings them back. To keep them, pause the endpoint instead.
        </p>
      )}
    />
  );
}
