import { graceRunsUntil } from '../src/domain/gate.ts';
import { leadEventTypes } from '../src/domain/lead.ts';
import type { LeadDescription } from './messages.ts';

/** Where a lead stands, in words, for the Temporal UI. Never personal data. */
export function describeInWords({ lead, stage, lanes }: LeadDescription): string {
  const emitted = leadEventTypes.filter((type) => lead.emitted[type] !== undefined);
  return [
    `**${stage.replaceAll('_', ' ')}**, ${lead.mode ?? 'no mode yet'}`,
    `Steps seen: ${Object.keys(lead.seen).join(', ') || 'none'}.`,
    `Events emitted: ${emitted.join(', ') || 'none'}.`,
    waitsFor({ lead, stage }),
    ...lanes.map(({ endpointId, queue }) => {
      const head = queue[0];
      const next =
        head === undefined ? '' : head.asleep ? sleeping[head.asleep] : `attempt ${head.attempt}${due(head.dueAt)}`;
      return `- endpoint ${endpointId}: ${queue.length} unsettled, ${next}`;
    }),
  ]
    .filter((line) => line !== '')
    .join('\n');
}

const due = (dueAt: number): string => (dueAt === 0 ? '' : ` due ${new Date(dueAt).toISOString()}`);

function waitsFor({ lead, stage }: Pick<LeadDescription, 'lead' | 'stage'>): string {
  const grace = graceRunsUntil(lead);
  if (grace !== null) return `Waits for the address step until ${new Date(grace).toISOString()}.`;
  if (stage !== 'waiting_for_enrichment') return '';
  const until =
    lead.enrichmentDueAt === null
      ? ''
      : `; the organization is told at ${new Date(lead.enrichmentDueAt).toISOString()}`;
  return `Waits for the enrichment write-back${lead.seen.contact ? ', contact was asked for' : ''}${until}.`;
}

const sleeping = {
  held: 'held while the endpoint is paused',
  waiting: 'waits for a place among the attempts under way',
} as const;
