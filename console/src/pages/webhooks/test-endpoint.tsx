import { useState } from 'react';
import { eventNames } from '../../app/search.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { Select } from '../../components/select.tsx';
import type { EndpointDialogProps } from './endpoint-actions.tsx';
import { SampleSender } from './sample-sender.tsx';

const options = eventNames.map((name) => ({ value: name, label: name }));

/** "Test endpoint": one signed sample now, and its answer; it counts for nothing else. */
export function TestEndpoint({ organizationId, endpoint, onClose }: EndpointDialogProps) {
  const [event, setEvent] = useState<string>('lead.enriched');
  return (
    <Dialog open onClose={onClose} title="Send a test" wide>
      <p className="muted">
        One real request to <span className="wrap-anywhere">{endpoint.url}</span>, signed like any other, with sample
        ids and <code>X-Spark360-Test: true</code>. It uses no attempt and touches no lead.
      </p>
      <Field label="Event">
        <Select label="Event" value={event} options={options} onChange={setEvent} />
      </Field>
      <SampleSender organizationId={organizationId} endpointId={endpoint.id} event={event} />
    </Dialog>
  );
}
