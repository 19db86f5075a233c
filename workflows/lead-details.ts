import { graceRunsUntil } from '../src/domain/gate.ts';
import { leadEventTypes } from '../src/domain/lead.ts';
import { stepWords } from '../src/domain/step-words.ts';
import { utc } from '../src/domain/waiting-for.ts';
import type { LaneDescription, LeadDescription } from './messages.ts';

/** Where a lead stands, in Markdown, for the Temporal UI; never personal data. */
export function leadDetails(description: Omit<LeadDescription, 'details'>): string {
  const { lead, stage, leadStatus, lanes } = description;
  const steps = Object.entries(stepWords).flatMap(([step, name]) => (step in lead.seen ? [name] : []));
  const events = leadEventTypes.filter((type) => lead.emitted[type] !== undefined);
  return [
    `**${stage.replaceAll('_', ' ')}** · mode \`${lead.mode ?? 'unknown'}\` · status \`${leadStatus ?? 'none'}\``,
    leadWaitsFor(description),
    // What waits comes first: the UI shows some lines, and scrolls.
    lanes.length === 0 ? '**Deliveries not settled:** none' : bulleted('Deliveries not settled', lanes.map(laneLine)),
    `**Steps that came:** ${steps.join(', ') || 'none'}`,
    `**Events emitted:** ${events.join(', ') || 'none'}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const bulleted = (title: string, items: readonly string[]): string =>
  [`**${title}:**`, '', ...items.map((item) => `- ${item}`)].join('\n');

function laneLine({ host, queue, endpointId, waitsFor }: LaneDescription): string {
  const [head, ...behind] = queue;
  const event = head?.names === undefined ? 'a delivery' : `${head.names.event} (sequence ${head.names.sequence})`;
  const more =
    behind.length === 0 ? '' : ` ${behind.length} more ${behind.length === 1 ? 'follows' : 'follow'} it in order.`;
  return `\`${host ?? endpointId}\`: ${event}. ${waitsFor.sentence}${more}`;
}

function leadWaitsFor({ lead, stage }: Pick<LeadDescription, 'lead' | 'stage'>): string {
  const grace = graceRunsUntil(lead);
  if (grace !== null) return `Waits for the address step until ${utc(grace)}.`;
  if (stage !== 'waiting_for_enrichment') return '';
  const asked = lead.seen.contact ? ' Contact was asked for, and is sent after it.' : '';
  const told = lead.enrichmentDueAt === null ? '' : ` The organization is told at ${utc(lead.enrichmentDueAt)}.`;
  return `Waits for the enrichment write-back.${asked}${told} The update \`complete_enrichment\` goes on with what is known.`;
}
