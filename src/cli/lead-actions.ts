import type { Lead } from './api-types.ts';
import { atLeast } from './endpoint-actions.ts';
import type { Session } from './session.ts';
import { table } from './table.ts';

type Entry = Lead['timeline'][number];

const timelineColumns = [
  { title: 'AT', value: ({ at }: Entry) => at },
  { title: 'WHAT', value: ({ kind }: Entry) => kind },
  { title: 'TEXT', value: ({ text }: Entry) => text },
];

export async function showLead({ api, out, organizationPath }: Session, id: string): Promise<void> {
  const lead = await api.call<Lead>('GET', await organizationPath('leads', id));
  const { lead_id, mode, stage, lead_status, deliveries, timeline } = lead;
  out.thing(lead, [
    ['lead', lead_id],
    ['mode', mode],
    ['stage', stage],
    ['status', lead_status],
    ['deliveries', deliveries.length],
  ]);
  if (out.format !== 'text') return;
  for (const line of ['', ...table(timelineColumns, timeline)]) out.line(line);
  const waiting = deliveries.find(({ status }) => status !== 'delivered');
  if (waiting !== undefined) out.hint(`spark360 deliveries show ${waiting.id}`);
}

export async function eraseLead(session: Session, id: string, dryRun: boolean): Promise<void> {
  const { api, out, confirm } = session;
  const path = await session.organizationPath('leads', id);
  const { deliveries, truncated } = await api.call<Lead>('GET', path);
  const unsettled = deliveries.filter(({ status }) => status !== 'delivered' && status !== 'abandoned').length;
  const isAll = !truncated.includes('deliveries');
  const bytes = deliveries.length === 1 && isAll ? 'delivery loses its bytes' : 'deliveries lose their bytes';
  out.note(
    `${atLeast(deliveries.length, isAll)} ${bytes}, ${atLeast(unsettled, isAll)} of them unsettled and abandoned. It cannot be undone.`,
  );
  const counted = { deliveries: deliveries.length, unsettled };
  if (dryRun) return out.thing({ ...counted, dry_run: true }, Object.entries(counted));
  await confirm('Erase the lead?');
  await api.call('DELETE', path);
  out.thing({ erased: id, ...counted }, [['erased', id]]);
}

export async function completeEnrichment(session: Session, id: string, dryRun: boolean): Promise<void> {
  const { api, out, confirm } = session;
  const path = await session.organizationPath('leads', id);
  const { stage } = await api.call<Lead>('GET', path);
  out.note(`The lead is ${stage}. lead.enriched goes out with what is known, and a later write-back is not sent.`);
  if (dryRun) return out.thing({ dry_run: true, count: 1, stage }, [['would be completed', id]]);
  await confirm('Complete its enrichment?');
  const done = await api.call<Lead>('POST', `${path}/complete-enrichment`);
  out.thing({ lead_id: done.lead_id, stage: done.stage }, [
    ['lead', done.lead_id],
    ['stage', done.stage],
  ]);
}
