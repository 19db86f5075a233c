import { Link } from '@tanstack/react-router';
import type { Endpoint, Schemas } from '../../api/client.ts';
import { number, touched } from '../../app/counts.ts';
import { pausedWords } from '../../components/badge.tsx';
import { Notice } from '../../components/page.tsx';
import { Ago } from '../../components/time.tsx';

interface Props {
  organizationId: string;
  endpoint: Endpoint;
  health: Schemas['EndpointHealth'];
}

/** What is out of the ordinary at an endpoint, and what follows from it. */
export function EndpointState({ organizationId, endpoint, health }: Props) {
  const { held } = health.unsettled;
  const heldLink = (
    <Link
      to="/organizations/$organizationId/deliveries"
      params={{ organizationId }}
      search={{ endpoint_id: endpoint.id, status: 'held' }}
    >
      {touched(health, held)}
    </Link>
  );
  if (endpoint.status === 'paused') {
    return (
      <Notice tone={endpoint.paused_reason === 'manual' ? 'info' : 'bad'}>
        <strong>Paused: {pausedWords(endpoint.paused_reason)}.</strong> Nothing is sent and nothing is lost. {heldLink}{' '}
        held, in order. Resume sends one first; when it is delivered, the rest follows.
      </Notice>
    );
  }
  if (health.resume_phase === 'probe') {
    return (
      <Notice tone="info">
        <strong>Resuming: one delivery goes first.</strong> {heldLink} wait for its success.
      </Notice>
    );
  }
  if (health.resume_phase === 'drain' && held > 0) {
    return (
      <Notice tone="info">
        <strong>Resuming:</strong> {number(held)} still held; they go out in order, at a bounded rate.
      </Notice>
    );
  }
  if (health.failing_since !== null) {
    return (
      <Notice tone="warn">
        <strong>
          Failing since <Ago at={health.failing_since} />.
        </strong>{' '}
        Attempts are retried by the schedule. When one delivery fails at its last attempt without a success in between,
        the endpoint is paused.
      </Notice>
    );
  }
  return null;
}
