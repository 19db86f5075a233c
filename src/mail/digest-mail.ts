import type { OverdueLead } from '../domain/notice.ts';
import { leadsPage } from './links.ts';
import { type RenderedMail, renderMail } from './render.ts';
import { utc } from './format.ts';

/** A mail names this many leads; the list in the console has them all. */
const shownLeads = 100;

/**
 * The digest of leads whose enrichment is overdue (spec section 1). Ids and times only: never a homeowner's data.
 * @param leads those that still wait, at least one
 * @param more how many others were reported and are not in `leads`
 */
export function digestMail(
  organizationId: string,
  leads: readonly OverdueLead[],
  more: number,
  publicUrl: string | undefined,
): RenderedMail {
  const longestFirst = leads.toSorted((a, b) => a.waitingSince - b.waitingSince);
  const shown = longestFirst.slice(0, shownLeads);
  const unshown = leads.length - shown.length + more;
  const count = leads.length + more;
  const subject = count === 1 ? 'A lead waits for its enrichment' : `${count} leads wait for their enrichment`;
  return renderMail({
    subject,
    headline: subject,
    paragraphs: [
      'The enrichment write-back of the leads below did not arrive in time, so their lead.enriched events were not sent. They go out by themselves when it arrives.',
      'You can also complete the enrichment of a lead with what is known of it.',
    ],
    facts: [
      ...shown.map(({ leadId, waitingSince }) => [leadId, `waiting since ${utc(new Date(waitingSince))}`] as const),
      ...(unshown > 0 ? [['and', `${unshown} more`] as const] : []),
    ],
    link: { label: 'Leads waiting for enrichment', url: leadsPage(publicUrl, organizationId) },
  });
}
