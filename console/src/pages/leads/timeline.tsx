import { Link } from '@tanstack/react-router';
import { At } from '../../components/time.tsx';
import type { Lead } from './lead.tsx';

/** Everything that happened to a lead, newest first. */
export const Timeline = ({ lead }: { lead: Lead }) => (
  <ol className="timeline">
    {lead.timeline.toReversed().map((entry, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: entries have no id of their own, and only grow at the start
      <li key={lead.timeline.length - index} data-kind={entry.kind}>
        <span className="small muted">
          <At at={entry.at} />
        </span>
        {entry.delivery_id === undefined ? (
          <span>{entry.text}</span>
        ) : (
          <Link
            to="/organizations/$organizationId/deliveries/$deliveryId"
            params={{ organizationId: lead.organization_id, deliveryId: entry.delivery_id }}
          >
            {entry.text}
          </Link>
        )}
      </li>
    ))}
  </ol>
);
