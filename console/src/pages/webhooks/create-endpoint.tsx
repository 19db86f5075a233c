import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { ApiProblem, api, type Schemas, unwrap } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/page.tsx';
import { Select } from '../../components/select.tsx';
import { wordsOf } from '../../components/toasts.tsx';
import { EndpointForm } from './endpoint-form.tsx';
import { NewSecret } from './new-secret.tsx';

const modes = [
  { value: 'prod', label: 'prod: real leads' },
  { value: 'sandbox', label: 'sandbox: test leads only' },
];

/** Asks for an address and events, then shows the secret: once. */
export function CreateEndpoint({ organizationId, onClose }: { organizationId: string; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [draft, setDraft] = useState({ url: '', description: '', events: [] as string[] });
  const [mode, setMode] = useState<'prod' | 'sandbox'>('prod');
  const [problem, setProblem] = useState<unknown>(null);
  const [created, setCreated] = useState<Schemas['NewEndpoint'] | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const body = {
        url: draft.url.trim(),
        events: draft.events as Schemas['EndpointCreation']['events'] & object,
        mode,
        ...(draft.description !== '' && { description: draft.description }),
      };
      setCreated(
        await unwrap(
          api.POST('/v1/organizations/{organizationId}/endpoints', { params: { path: { organizationId } }, body }),
        ),
      );
      await client.invalidateQueries({ queryKey: [organizationId] });
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  const finish = () => {
    onClose();
    if (created === null) return;
    void navigate({
      to: '/organizations/$organizationId/webhooks/$endpointId',
      params: { organizationId, endpointId: created.id },
    });
  };

  if (created !== null) return <NewSecret title="The endpoint is ready" secret={created.secret} onClose={finish} />;
  return (
    <Dialog open onClose={onClose} title="Add an endpoint" locked={busy}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        {problem !== null && <Notice tone="bad">{wordsOf(problem)}</Notice>}
        <EndpointForm draft={draft} onChange={setDraft} problem={problem instanceof ApiProblem ? problem : null} />
        <Field label="Mode" hint="For good: a test lead never reaches a prod endpoint.">
          <Select label="Mode" value={mode} options={modes} onChange={(next) => setMode(next as typeof mode)} />
        </Field>
        <div className="dialog-actions">
          <Button disabled={busy} onClick={onClose}>
            Cancel
          </Button>
          <Button kind="primary" type="submit" disabled={busy || draft.url.trim() === ''}>
            {busy ? 'Checking the address …' : 'Add endpoint'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
