import { type FormEvent, useState } from 'react';
import { ApiProblem, api, type Schemas, unwrap } from '../../api/client.ts';
import { useAction } from '../../app/action.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, Input } from '../../components/field.tsx';
import type { EndpointDialogProps } from './endpoint-actions.tsx';
import { EndpointForm } from './endpoint-form.tsx';

/** Changes what is said of an endpoint; its mode is for good. */
export function EditEndpoint({ organizationId, endpoint, onClose }: EndpointDialogProps) {
  const [draft, setDraft] = useState({
    url: endpoint.url,
    description: endpoint.description ?? '',
    events: endpoint.events,
  });
  const [maxInFlight, setMaxInFlight] = useState(String(endpoint.max_in_flight));
  const [rateLimit, setRateLimit] = useState(String(endpoint.rate_limit ?? ''));
  const save = useAction({
    run: () =>
      unwrap(
        api.PATCH('/v1/organizations/{organizationId}/endpoints/{endpointId}', {
          params: { path: { organizationId, endpointId: endpoint.id } },
          body: {
            url: draft.url.trim(),
            description: draft.description === '' ? null : draft.description,
            events: draft.events as Schemas['EndpointChange']['events'] & object,
            max_in_flight: Number(maxInFlight),
            rate_limit: rateLimit === '' ? null : Number(rateLimit),
          },
        }),
      ),
    refresh: [organizationId],
    done: 'Saved',
    failed: 'Not saved',
    onDone: onClose,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog open onClose={onClose} title="Edit the endpoint">
      <form className="stack" onSubmit={submit}>
        <EndpointForm
          draft={draft}
          onChange={setDraft}
          problem={save.error instanceof ApiProblem ? save.error : null}
        />
        <Bounds {...{ maxInFlight, setMaxInFlight, rateLimit, setRateLimit }} />
        <p className="small muted">
          Another address holds from the next attempt on; the choice of events from the next event on.
        </p>
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={save.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface BoundsProps {
  maxInFlight: string;
  setMaxInFlight: (text: string) => void;
  rateLimit: string;
  setRateLimit: (text: string) => void;
}

const Bounds = ({ maxInFlight, setMaxInFlight, rateLimit, setRateLimit }: BoundsProps) => (
  <div className="halves">
    <Field label="Requests at once" hint="1 to 256, over all leads.">
      <Input
        className="input"
        inputMode="numeric"
        value={maxInFlight}
        onChange={(e) => setMaxInFlight(e.target.value)}
      />
    </Field>
    <Field label="Requests a second" hint="1 to 1,000; empty: as many as come.">
      <Input className="input" inputMode="numeric" value={rateLimit} onChange={(e) => setRateLimit(e.target.value)} />
    </Field>
  </div>
);
