import { Link } from '@tanstack/react-router';
import type { Delivery, Endpoint } from '../../api/client.ts';
import { Badge } from '../../components/badge.tsx';
import { Icon } from '../../components/icon.tsx';
import { Card } from '../../components/page.tsx';
import { atClock } from '../../components/time.tsx';
import { Skip } from '../deliveries/delivery-actions.tsx';
import { useMayChange } from '../../app/action.ts';
import { lastAnswer } from '../../api/delivery-list.ts';
import { Breakable } from '../../components/breakable.tsx';
import { hostOf } from '../deliveries/words.ts';
import { type Gate, gatesOf, headOf, type Lane, lanesOf, laneWords, seenSteps, steps } from './journey.ts';
import type { Lead } from './lead.tsx';

/**
 * Steps in, gates, events out, and a lane per endpoint: a column per event, so that what belongs together is in one
 * line.
 */
export function LanePicture({ lead, endpoints }: { lead: Lead; endpoints: Endpoint[] }) {
  const gates = gatesOf(lead);
  const lanes = lanesOf(lead, endpoints);
  const seen = seenSteps(lead);
  return (
    <Card title="From step to delivery">
      <div className="picture">
        <section className="picture-row" aria-label="Steps in">
          <h3 className="picture-title">Steps in</h3>
          <ol className="picture-steps">
            {steps.map(({ key, label }) => (
              <li key={key} className="step" data-seen={seen[key] === undefined ? undefined : ''}>
                <Icon name={seen[key] === undefined ? 'clock' : 'check'} size={13} />
                <span>{label}</span>
                <span className="small muted">{seen[key] === undefined ? 'not yet' : atClock(seen[key])}</span>
              </li>
            ))}
          </ol>
        </section>
        <section className="picture-row" aria-label="Events out">
          <h3 className="picture-title">Events out</h3>
          <ol className="picture-cells">
            {gates.map((gate) => (
              <GateCell key={gate.event} gate={gate} />
            ))}
          </ol>
        </section>
        {lanes.map((lane) => (
          <LaneRow key={lane.endpointId} lead={lead} lane={lane} gates={gates} />
        ))}
        {lanes.length === 0 && (
          <p className="muted small">No endpoint of mode {lead.mode} is subscribed: events go nowhere.</p>
        )}
      </div>
    </Card>
  );
}

const labelOf = (key: string): string => steps.find((step) => step.key === key)?.label ?? key;

const GateCell = ({ gate: { event, needs, emittedAt, words, isOff } }: { gate: Gate }) => (
  <li className="gate" data-state={emittedAt !== null ? 'open' : isOff ? 'off' : 'waiting'}>
    <span className="gate-needs small muted">{needs.map(labelOf).join(' + ')}</span>
    <svg className="gate-arrow" width="10" height="14" viewBox="0 0 10 14" aria-hidden="true">
      <path d="M5 0v12M1.5 9 5 12.5 8.5 9" fill="none" stroke="currentColor" strokeWidth="1.4" />
    </svg>
    <code>
      {event.split('.')[0]}.<wbr />
      {event.split('.')[1]}
    </code>
    <span className="small muted">{emittedAt === null ? words : `emitted ${atClock(emittedAt)}`}</span>
  </li>
);

function LaneRow({ lead, lane, gates }: { lead: Lead; lane: Lane; gates: Gate[] }) {
  const head = headOf(lane);
  const { endpoint, endpointId } = lane;
  const mayChange = useMayChange();
  const organizationId = lead.organization_id;
  return (
    <section className="picture-row" aria-label={`Lane of ${endpoint?.url ?? 'a deleted endpoint'}`}>
      <div className="picture-title">
        <h3 className="wrap-anywhere">
          {endpoint === null ? (
            'Deleted endpoint'
          ) : (
            <Link to="/organizations/$organizationId/webhooks/$endpointId" params={{ organizationId, endpointId }}>
              <Breakable text={hostOf(endpoint.url) ?? endpoint.url} />
            </Link>
          )}
        </h3>
        {endpoint?.status === 'paused' && <Badge tone="bad">paused</Badge>}
      </div>
      <div className="lane">
        <ol className="picture-cells lane-cells">
          {gates.map(({ event, emittedAt }) => (
            <LaneCell
              key={event}
              organizationId={organizationId}
              delivery={lane.deliveries.find((delivery) => delivery.event === event) ?? null}
              isSubscribed={endpoint?.events.includes(event) ?? false}
              isEmitted={emittedAt !== null}
            />
          ))}
        </ol>
        <div className="lane-words">
          <span className="lane-sentence">
            <strong>{laneWords(lane)}</strong>
            {head?.waiting_for && <span className="muted"> {head.waiting_for.sentence}</span>}
          </span>
          {head !== null && mayChange && (
            // The next delivery at the head does not get into a dialog that was opened for this one.
            <Skip key={head.id} organizationId={organizationId} delivery={head} size="small" />
          )}
        </div>
      </div>
    </section>
  );
}

interface CellProps {
  organizationId: string;
  delivery: Delivery | null;
  isSubscribed: boolean;
  isEmitted: boolean;
}

function LaneCell({ organizationId, delivery, isSubscribed, isEmitted }: CellProps) {
  if (delivery === null) {
    const words = !isSubscribed ? 'not subscribed' : isEmitted ? 'added after it' : 'not emitted yet';
    return (
      <li className="lane-cell" data-status="none">
        <span className="lane-none small muted">{words}</span>
      </li>
    );
  }
  return (
    <li className="lane-cell" data-status={delivery.status}>
      <Link
        to="/organizations/$organizationId/deliveries/$deliveryId"
        params={{ organizationId, deliveryId: delivery.id }}
        className="lane-node"
      >
        <strong className="numeric">#{delivery.sequence}</strong>
        <span>{delivery.status}</span>
        <span className="small lane-answer">{nodeWords(delivery)}</span>
      </Link>
    </li>
  );
}

function nodeWords(delivery: Delivery): string {
  if (delivery.status === 'delivered') return delivery.delivered_at === null ? '' : atClock(delivery.delivered_at);
  const answer = lastAnswer(delivery);
  const { attempts, next_attempt_at } = delivery;
  if (delivery.status === 'retrying' && next_attempt_at !== null) return `${answer}, next ${atClock(next_attempt_at)}`;
  return attempts.length > 0 ? `${answer} at attempt ${attempts.length}` : '';
}
