import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import proto from '@temporalio/proto';
import { defaultTaskQueue } from '../src/client.ts';
import type { Deps } from '../src/deps.ts';
import { leadSubject } from '../src/domain/ids.ts';
import { parseInbound } from '../src/schemas/inbound.ts';
import { stepSignals } from '../workflows/messages.ts';
import { aLead } from '../test/support/lead-events.ts';
import { anEndpoint, anOrganization } from '../test/support/partners.ts';
import { closedLoop } from './measure.ts';

/** A healthy partner: answers 204 at once, and says when which event of which lead came. */
export interface Partner {
  organizationId: string;
  /** Resolves with the arrival times, by event, once `events` of the lead arrived. */
  arrivals(leadId: string, events: number): Promise<Map<string, number>>;
  close(): Promise<void>;
}

export async function startPartner(deps: Deps): Promise<Partner> {
  const seen = new Map<
    string,
    { events: Map<string, number>; wanted: number; done: (events: Map<string, number>) => void }
  >();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(204).end();
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { event: string; data: { lead_id: string } };
      const lead = seen.get(body.data.lead_id);
      if (lead === undefined) return;
      lead.events.set(body.event, performance.now());
      if (lead.events.size === lead.wanted) lead.done(lead.events);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const organizationId = await anOrganization(deps);
  await anEndpoint(deps, organizationId, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return {
    organizationId,
    arrivals: (leadId, wanted) =>
      new Promise((resolve) => {
        seen.set(leadId, { events: new Map(), wanted, done: resolve });
      }),
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The same three signals to a workflow that does nothing with them; seconds until all have completed. */
export const floorLeads = (deps: Deps, count: number, atOnce: number): Promise<number> =>
  closedLoop(count, atOnce, async () => {
    const lead = aLead(randomUUID());
    const workflowId = `floor/${lead.leadId}`;
    for (const event of [lead.created(), lead.personal({ enriched: true }), lead.contact()]) {
      const parsed = parseInbound(event);
      if (parsed.kind !== 'lead') throw new Error('not a lead');
      await deps.temporal.workflow.signalWithStart('floor', {
        workflowId,
        taskQueue: defaultTaskQueue,
        signal: stepSignals[parsed.step.name],
        signalArgs: [parsed.step],
      });
    }
    await deps.temporal.workflow.getHandle(workflowId).result();
  });

const steps = 3;
/** The event that each of the three steps causes last. */
const causes = [['lead.address_preview'], ['lead.enriched', 'lead.rental_alert'], ['lead.contact_requested']];

async function journey(deps: Deps, partner: Partner, spacingMs: number): Promise<number[]> {
  const lead = aLead(partner.organizationId);
  const arrived = partner.arrivals(lead.leadId, 4);
  const sentAt: number[] = [];
  const events = [lead.created(), lead.personal({ enriched: true }), lead.contact()];
  for (const [index, event] of events.entries()) {
    sentAt.push(performance.now());
    await deps.client.publish(event);
    if (spacingMs > 0 && index < steps - 1) await sleep(spacingMs);
  }
  const at = await arrived;
  return causes.flatMap((names, index) =>
    names.map((name) => (at.get(name) ?? Number.NaN) - (sentAt[index] ?? Number.NaN)),
  );
}

/**
 * How many events the engine wrote for a whole journey, on average, by their kind: what it costs there, and most of the
 * bill at Temporal Cloud. One after the other, so that each finds an idle worker.
 */
export async function historyEvents(deps: Deps, partner: Partner, leads: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let each = 0; each < leads; each += 1) {
    const lead = aLead(partner.organizationId);
    const arrived = partner.arrivals(lead.leadId, 4);
    await deps.client.publishMany([lead.created(), lead.personal({ enriched: true }), lead.contact()]);
    await arrived;
    await sleep(500);
    const workflow = deps.temporal.workflow.getHandle(leadSubject(partner.organizationId, lead.leadId));
    const { events } = await workflow.fetchHistory();
    for (const { eventType } of events ?? []) {
      const name = eventTypeName(eventType);
      counts.set(name, (counts.get(name) ?? 0) + 1 / leads);
    }
  }
  return counts;
}

/** `EVENT_TYPE_MARKER_RECORDED` as `marker recorded`. */
const eventTypeName = (type: number | null | undefined): string =>
  (proto.temporal.api.enums.v1.EventType[type ?? 0] ?? 'unknown')
    .replace('EVENT_TYPE_', '')
    .replaceAll('_', ' ')
    .toLowerCase();

/**
 * Whole journeys, steps at once; latencies from the call that signals to the request at the receiver, in milliseconds.
 */
export async function journeys(deps: Deps, partner: Partner, count: number, atOnce: number) {
  const latencies: number[] = [];
  const seconds = await closedLoop(count, atOnce, async () => {
    latencies.push(...(await journey(deps, partner, 0)));
  });
  return { seconds, latencies };
}

/** Journeys as a person makes them, compressed: one second between steps, leads starting evenly. */
export async function spacedJourneys(deps: Deps, partner: Partner, count: number): Promise<number[]> {
  const all = Array.from({ length: count }, async (_, index) => {
    await sleep(index * 100);
    return journey(deps, partner, 1_000);
  });
  return (await Promise.all(all)).flat();
}

/** One lead's first step: milliseconds until the partner has its event. */
export async function arrivalOf(deps: Deps, partner: Partner): Promise<number> {
  const lead = aLead(partner.organizationId);
  const arrived = partner.arrivals(lead.leadId, 1);
  const sentAt = performance.now();
  await deps.client.publish(lead.created());
  const at = (await arrived).get('lead.address_preview');
  return (at ?? Number.NaN) - sentAt;
}
