import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Schemas } from '../../api/client.ts';
import { eventTypesQuery } from '../../api/delivery-queries.ts';
import { useMayChange } from '../../app/action.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { InlineCode } from '../../components/inline-code.tsx';
import { Json } from '../../components/json.tsx';
import { Card, Loaded, Page } from '../../components/page.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { SendSample } from './send-sample.tsx';

type EventType = Schemas['EventType'];

/** Everything that can be subscribed to, with what it carries. */
export function EventsPage() {
  const { organizationId } = useParams({ from: '/shell/organizations/$organizationId/events' });
  const query = useQuery(eventTypesQuery());
  return (
    <Page title="Event catalogue" subtitle="What an endpoint can receive, in the order a lead's lane sends it.">
      <Loaded query={query}>
        {({ data }) => data.map((type) => <EventCard key={type.name} organizationId={organizationId} type={type} />)}
      </Loaded>
    </Page>
  );
}

function EventCard({ organizationId, type }: { organizationId: string; type: EventType }) {
  const [shown, setShown] = useState<'none' | 'example' | 'schema'>('none');
  const [isSending, setSending] = useState(false);
  const mayChange = useMayChange();
  return (
    <Card
      title={<code>{type.name}</code>}
      actions={
        <>
          <Segmented
            label={`What is shown of ${type.name}`}
            value={shown}
            onChange={setShown}
            options={[
              { value: 'none', label: 'Summary' },
              { value: 'example', label: 'Example' },
              { value: 'schema', label: 'JSON Schema' },
            ]}
          />
          {mayChange && (
            <Button size="small" onClick={() => setSending(true)}>
              Send me a sample …
            </Button>
          )}
        </>
      }
    >
      <div className="row-wrap">
        <Badge plain tone={type.availability === 'required' ? 'info' : undefined}>
          {type.availability === 'required' ? 'always sent' : 'optional'}
        </Badge>
        <span>
          <InlineCode text={type.description} />
        </span>
      </div>
      {type.lead_status !== null && (
        <p className="small muted">
          Its <code>lead_status</code> is <code>{type.lead_status}</code>.
        </p>
      )}
      {shown === 'example' && <Json title={`Example of ${type.name}`} value={type.example} />}
      {shown === 'schema' && <Json title={`JSON Schema of ${type.name}`} value={type.schema} />}
      {isSending && <SendSample organizationId={organizationId} event={type.name} onClose={() => setSending(false)} />}
    </Card>
  );
}
