import { Collapsible } from '@base-ui/react/collapsible';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Attempt } from '../../api/client.ts';
import { requestQuery } from '../../api/delivery-queries.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Code, Identifier } from '../../components/code.tsx';
import { Icon } from '../../components/icon.tsx';
import { Loaded } from '../../components/page.tsx';
import { Ago, At, duration } from '../../components/time.tsx';
import { adviceFor } from './words.ts';

interface Props {
  organizationId: string;
  deliveryId: string;
  attempt: Attempt;
  isOpen: boolean;
}

const isGood = ({ status_code }: Attempt): boolean => status_code !== null && status_code < 300;

/** One attempt: when, how long, what came back, what it means, and on request what was sent. */
export function AttemptItem({ organizationId, deliveryId, attempt, isOpen }: Props) {
  const [showsRequest, setShowsRequest] = useState(false);
  const { number, started_at, duration_ms, status_code, error, response_body } = attempt;
  const advice = adviceFor(attempt);
  return (
    <li>
      <Collapsible.Root defaultOpen={isOpen}>
        <Collapsible.Trigger className="attempt-head">
          <Icon name="right" size={12} />
          <span>Attempt {number}</span>
          <Badge tone={isGood(attempt) ? 'good' : 'bad'}>
            {status_code === null ? (error?.split(':', 1)[0] ?? 'failed') : String(status_code)}
          </Badge>
          <span className="muted numeric">{duration(duration_ms)}</span>
          <span className="muted attempt-when">
            <Ago at={started_at} />
          </span>
        </Collapsible.Trigger>
        <Collapsible.Panel className="attempt-body">
          <dl className="facts">
            <dt>Sent</dt>
            <dd>
              <At at={started_at} />
            </dd>
            <dt>Outcome</dt>
            <dd>
              {status_code === null ? error : `The endpoint answered ${status_code} after ${duration(duration_ms)}.`}
              {advice !== null && <div className="muted">{advice}</div>}
            </dd>
            <dt>Attempt id</dt>
            <dd>
              <Identifier id={attempt.id} />
            </dd>
          </dl>
          {response_body !== null && response_body !== '' && (
            <Code title="Response body (first 4 KiB)" text={response_body} wrap />
          )}
          <div>
            <Button size="small" onClick={() => setShowsRequest(!showsRequest)} aria-expanded={showsRequest}>
              {showsRequest ? 'Hide the headers' : 'Show the headers as sent'}
            </Button>
          </div>
          {showsRequest && <Headers organizationId={organizationId} deliveryId={deliveryId} attemptId={attempt.id} />}
        </Collapsible.Panel>
      </Collapsible.Root>
    </li>
  );
}

function Headers({
  organizationId,
  deliveryId,
  attemptId,
}: {
  organizationId: string;
  deliveryId: string;
  attemptId: string;
}) {
  const request = useQuery(requestQuery(organizationId, deliveryId, attemptId));
  return (
    <Loaded query={request} rows={3}>
      {({ headers, url }) => (
        <>
          <Code
            title={`POST ${url}`}
            wrap
            text={Object.entries(headers)
              .map(([name, value]) => `${name}: ${value}`)
              .join('\n')}
          />
          <p className="small muted">
            Signed with the secret that is valid now; after a rotation, the signatures that were sent were the old
            secret's.
          </p>
        </>
      )}
    </Loaded>
  );
}
