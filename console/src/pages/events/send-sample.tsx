import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { endpointsQuery } from '../../api/queries.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { Empty, Loaded } from '../../components/page.tsx';
import { Select } from '../../components/select.tsx';
import { SampleSender } from '../webhooks/sample-sender.tsx';

/** Sends a sample of one event to an endpoint that is chosen. */
export function SendSample({
  organizationId,
  event,
  onClose,
}: {
  organizationId: string;
  event: string;
  onClose: () => void;
}) {
  const query = useQuery(endpointsQuery(organizationId));
  const [chosen, setChosen] = useState<string | null>(null);
  return (
    <Dialog open onClose={onClose} title={`Send a sample of ${event}`} wide>
      <Loaded query={query} rows={2}>
        {({ data }) => {
          const endpoint = data.find(({ id }) => id === chosen) ?? data[0];
          if (endpoint === undefined) return <Empty icon="webhooks" title="There is no endpoint to send it to" />;
          return (
            <>
              <Field label="Endpoint">
                <Select
                  label="Endpoint"
                  value={endpoint.id}
                  options={data.map(({ id, url }) => ({ value: id, label: url }))}
                  onChange={setChosen}
                />
              </Field>
              <SampleSender key={endpoint.id} organizationId={organizationId} endpointId={endpoint.id} event={event} />
            </>
          );
        }}
      </Loaded>
    </Dialog>
  );
}
