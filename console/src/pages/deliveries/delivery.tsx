import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Delivery } from '../../api/client.ts';
import { deliveryQuery, liveMs, requestQuery } from '../../api/delivery-queries.ts';
import { endpointQuery } from '../../api/queries.ts';
import { DeliveryBadge } from '../../components/badge.tsx';
import { Code, Identifier } from '../../components/code.tsx';
import { colouredJson, laidOut } from '../../components/json.tsx';
import { Card, Empty, Loaded, Page } from '../../components/page.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { At } from '../../components/time.tsx';
import { AttemptItem } from './attempt-item.tsx';
import { CurlButton } from './curl.tsx';
import { DeliveryActions, isSettled } from './delivery-actions.tsx';
import { WhatNext } from './what-next.tsx';

/** One delivery: what was sent, byte for byte, how each attempt went, and what happens next. */
export function DeliveryPage() {
  const { organizationId, deliveryId } = useParams({
    from: '/shell/organizations/$organizationId/deliveries/$deliveryId',
  });
  const query = useQuery({
    ...deliveryQuery(organizationId, deliveryId),
    refetchInterval: ({ state }) => (state.data !== undefined && isSettled(state.data) ? 10_000 : liveMs),
  });
  const { data } = query;
  return (
    <Page
      title={data === undefined ? 'Delivery' : `${data.event} #${data.sequence}`}
      crumbs={[{ label: 'Deliveries', to: `/organizations/${organizationId}/deliveries` }]}
      subtitle={data && <DeliveryBadge delivery={data} />}
      actions={data && <DeliveryActions organizationId={organizationId} delivery={data} />}
    >
      <Loaded query={query}>
        {(delivery: Delivery) => (
          <>
            <WhatNext organizationId={organizationId} delivery={delivery} />
            <div className="columns">
              <div className="stack">
                <Attempts organizationId={organizationId} delivery={delivery} />
                <Body organizationId={organizationId} delivery={delivery} />
              </div>
              <Facts organizationId={organizationId} delivery={delivery} />
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

interface PartProps {
  organizationId: string;
  delivery: Delivery;
}

const Attempts = ({ organizationId, delivery }: PartProps) => (
  <Card title="Attempts" flush>
    {delivery.attempts.length === 0 ? (
      <Empty icon="clock" title="No attempt yet">
        {delivery.status === 'delivering' ? 'The first one is under way.' : 'It waits for its turn: see above.'}
      </Empty>
    ) : (
      <ol className="attempts">
        {delivery.attempts.toReversed().map((attempt, index) => (
          <AttemptItem
            key={attempt.id}
            organizationId={organizationId}
            deliveryId={delivery.id}
            attempt={attempt}
            isOpen={index === 0}
          />
        ))}
      </ol>
    )}
  </Card>
);

function Body({ organizationId, delivery }: PartProps) {
  const [form, setForm] = useState<'readable' | 'exact'>('readable');
  const request = useQuery({ ...requestQuery(organizationId, delivery.id), enabled: delivery.payload !== null });
  if (delivery.payload === null) {
    return (
      <Card title="Payload">
        <p className="muted">Erased: the lead's personal data is gone, and with it what was sent.</p>
      </Card>
    );
  }
  const exact = request.data?.body;
  const text =
    exact === undefined ? JSON.stringify(delivery.payload, null, 2) : form === 'exact' ? exact : laidOut(exact);
  return (
    <Card
      title="Payload"
      actions={
        exact !== undefined && (
          <Segmented
            label="Form of the payload"
            value={form}
            onChange={setForm}
            options={[
              { value: 'readable', label: 'Readable' },
              { value: 'exact', label: 'Exact bytes' },
            ]}
          />
        )
      }
    >
      <Code
        title={
          exact === undefined
            ? 'The content, not byte for byte'
            : form === 'exact'
              ? 'The bytes every attempt sends'
              : 'The same bytes, laid out'
        }
        text={text}
        wrap={form === 'exact'}
        actions={request.data && <CurlButton organizationId={organizationId} deliveryId={delivery.id} />}
      >
        {colouredJson(text)}
      </Code>
    </Card>
  );
}

function Facts({ organizationId, delivery }: PartProps) {
  const endpoint = useQuery({ ...endpointQuery(organizationId, delivery.endpoint_id), retry: false });
  return (
    <Card title="Delivery">
      <dl className="facts">
        <dt>Endpoint</dt>
        <dd>
          {endpoint.data ? (
            <Link
              to="/organizations/$organizationId/webhooks/$endpointId"
              params={{ organizationId, endpointId: delivery.endpoint_id }}
            >
              {endpoint.data.url}
            </Link>
          ) : endpoint.error ? (
            'deleted'
          ) : (
            '…'
          )}
        </dd>
        <dt>Lead</dt>
        <dd>
          {delivery.lead_id === null ? (
            'none: a widget event'
          ) : (
            <Link
              to="/organizations/$organizationId/leads/$leadId"
              params={{ organizationId, leadId: delivery.lead_id }}
            >
              <Identifier id={delivery.lead_id} />
            </Link>
          )}
        </dd>
        <dt>Sequence</dt>
        <dd>#{delivery.sequence} of its lane</dd>
        <dt>event_id</dt>
        <dd>
          <Identifier id={delivery.event_id} />
        </dd>
        <dt>Delivery</dt>
        <dd>
          <Identifier id={delivery.id} />
        </dd>
        <dt>Created</dt>
        <dd>
          <At at={delivery.created_at} />
        </dd>
        <dt>Delivered</dt>
        <dd>
          <At at={delivery.delivered_at} />
        </dd>
      </dl>
    </Card>
  );
}
