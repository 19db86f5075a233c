import { useState } from 'react';
import type { Endpoint } from '../../api/client.ts';
import { useMayChange } from '../../app/action.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Menu } from '../../components/menu.tsx';
import { DeleteEndpoint, PauseEndpoint, ResumeEndpoint } from './change-status.tsx';
import { EditEndpoint } from './edit-endpoint.tsx';
import { Recover } from './recover.tsx';
import { RotateSecret } from './rotate-secret.tsx';
import { TestEndpoint } from './test-endpoint.tsx';

export interface EndpointDialogProps {
  organizationId: string;
  endpoint: Endpoint;
  onClose: () => void;
}

const dialogs = {
  test: TestEndpoint,
  edit: EditEndpoint,
  pause: PauseEndpoint,
  resume: ResumeEndpoint,
  rotate: RotateSecret,
  recover: Recover,
  delete: DeleteEndpoint,
} as const;

/** Everything that can be done with an endpoint. Each says what it will touch before anything happens. */
export function EndpointActions({ organizationId, endpoint }: { organizationId: string; endpoint: Endpoint }) {
  const [shown, setShown] = useState<keyof typeof dialogs | null>(null);
  if (!useMayChange()) return null;
  const Dialog = shown === null ? null : dialogs[shown];
  return (
    <>
      <Button onClick={() => setShown('test')}>Send a test</Button>
      <Button onClick={() => setShown('edit')}>Edit</Button>
      {endpoint.status === 'paused' ? (
        <Button kind="primary" icon="play" onClick={() => setShown('resume')}>
          Resume
        </Button>
      ) : (
        <Button icon="pause" onClick={() => setShown('pause')}>
          Pause
        </Button>
      )}
      <Menu
        trigger={<IconButton icon="more" label="More actions" kind={undefined} />}
        entries={[
          { label: 'Recover abandoned deliveries …', onSelect: () => setShown('recover') },
          { label: 'Rotate the secret …', onSelect: () => setShown('rotate') },
          'separator',
          { label: 'Delete the endpoint …', danger: true, onSelect: () => setShown('delete') },
        ]}
      />
      {Dialog && <Dialog organizationId={organizationId} endpoint={endpoint} onClose={() => setShown(null)} />}
    </>
  );
}
