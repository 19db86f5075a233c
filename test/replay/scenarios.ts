import { setTimeout as sleep } from 'node:timers/promises';
import {
  endpointWorkflowId,
  leadSubject,
  recoveryJobWorkflowId,
  recoveryWorkflowId,
  widgetSubject,
} from '../../src/domain/ids.ts';
import { aLead, type LeadEvents } from '../support/lead-events.ts';
import { deliveriesOf, settled } from '../support/ledger.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { type Answer, eventually, startReceiver } from '../support/receiver.ts';
import type { TestService } from '../support/service.ts';
import { aWidget } from '../support/widget-events.ts';

/** What one recording needs: the running service, and what is to be closed behind it. */
export interface Recording {
  service: TestService;
  onEnd(step: () => Promise<void>): void;
}

/** Plays something that workflows live through; gives the workflow ids to record, by the name of the recording. */
export type Scenario = (recording: Recording) => Promise<Record<string, string>>;

const subjectOf = ({ organizationId, leadId }: LeadEvents) => leadSubject(organizationId, leadId);

/** A partner that answers in turn; the last answer for ever. */
async function aPartner({ service, onEnd }: Recording, ...answers: Answer[]) {
  const receiver = await startReceiver((_request, index) => answers[Math.min(index, answers.length - 1)] ?? {});
  onEnd(receiver.close);
  const organization = await anOrganization(service.deps);
  const endpoint = await anEndpoint(service.deps, organization, receiver.url);
  return { receiver, organization, endpoint };
}

const statusesOf = async ({ deps }: TestService, lead: LeadEvents) =>
  (await deliveriesOf(deps, lead)).map(({ status }) => status);

const waitFor = (isSo: () => Promise<boolean>) =>
  eventually(async () => {
    if (!(await isSo())) throw new Error('not yet');
  });

export const scenarios: Record<string, Scenario> = {
  async wholeJourney(recording) {
    const { organization } = await aPartner(recording);
    const lead = aLead(organization);
    const { client } = recording.service.deps;
    for (const event of [lead.created(), lead.details(), lead.personal(), lead.enrichment(), lead.contact()]) {
      await client.publish(event);
      await sleep(50);
    }
    return { 'lead-whole-journey': subjectOf(lead) };
  },

  /** Contact is asked for, the write-back is overdue and told so, then comes. */
  async lateEnrichment(recording) {
    const { organization } = await aPartner(recording);
    const lead = aLead(organization);
    const { client, config } = recording.service.deps;
    await client.publishMany([lead.created(), lead.contact()]);
    await sleep(config.enrichmentDeadlineMs + 1_500);
    await client.publish(lead.enrichment());
    return { 'lead-late-enrichment': subjectOf(lead) };
  },

  async retries(recording) {
    const { organization } = await aPartner(recording, { status: 500 }, { status: 503 }, {}, { status: 400 }, {});
    const lead = aLead(organization);
    await recording.service.deps.client.publishMany([
      lead.created(),
      lead.personal({ enriched: true }),
      lead.contact(),
    ]);
    return { 'lead-retries': subjectOf(lead) };
  },

  async exhausted(recording) {
    const { organization, endpoint } = await aPartner(recording, ...Array<Answer>(5).fill({ status: 500 }), {});
    const { client, operations } = recording.service.deps;
    const lead = aLead(organization);
    await client.publishMany([lead.created(), lead.personal({ enriched: true })]);
    await waitFor(async () => (await statusesOf(recording.service, lead)).join() === 'abandoned,held,held');
    await operations.resume(endpoint.id);
    await settled(recording.service.deps, lead, 2);
    const [abandoned] = await deliveriesOf(recording.service.deps, lead);
    await operations.resend(abandoned?.id ?? '');
    return {
      'lead-held-and-resumed': subjectOf(lead),
      'endpoint-resume': endpointWorkflowId(endpoint.id),
      resend: `resend/${abandoned?.id}`,
    };
  },

  async recovery(recording) {
    const { organization, endpoint } = await aPartner(recording, { status: 400 }, { status: 400 }, {});
    const { client, operations } = recording.service.deps;
    const lead = aLead(organization, { ownerOccupied: true });
    await client.publishMany([lead.created(), lead.personal({ enriched: true })]);
    await settled(recording.service.deps, lead, 2);
    const job = await operations.recover({
      organizationId: organization,
      endpointId: endpoint.id,
      since: new Date(0),
      until: new Date(),
    });
    return {
      'recovery-job': recoveryJobWorkflowId(endpoint.id, job?.jobId ?? ''),
      recovery: recoveryWorkflowId(endpoint.id, job?.jobId ?? '', subjectOf(lead)),
    };
  },

  async skipped(recording) {
    const { organization, endpoint } = await aPartner(recording);
    const { client, operations } = recording.service.deps;
    const lead = aLead(organization);
    await operations.pause(endpoint.id);
    await client.publish(lead.created());
    await waitFor(async () => (await statusesOf(recording.service, lead)).join() === 'held');
    const [held] = await deliveriesOf(recording.service.deps, lead);
    await operations.skip(held?.id ?? '');
    return { 'lead-skipped': subjectOf(lead) };
  },

  async idleAndBack(recording) {
    const { organization } = await aPartner(recording);
    const { client, temporal } = recording.service.deps;
    const lead = aLead(organization);
    await client.publishMany([lead.created(), lead.personal({ enriched: true })]);
    await temporal.workflow.getHandle(subjectOf(lead)).result();
    await client.publish(lead.contact());
    return { 'lead-idle-and-back': subjectOf(lead) };
  },

  async grace(recording) {
    const { organization } = await aPartner(recording);
    const { client } = recording.service.deps;
    const lead = aLead(organization);
    const created = lead.created();
    await client.publish(lead.personal({ enriched: true }));
    await settled(recording.service.deps, lead, 1);
    await waitFor(async () => (await deliveriesOf(recording.service.deps, lead)).length === 2);
    await client.publish(created);
    return { 'lead-grace': subjectOf(lead) };
  },

  async slowPartner(recording) {
    const { organization } = await aPartner(recording, { delayMs: 1_200 }, {});
    const lead = aLead(organization);
    await recording.service.deps.client.publishMany([
      lead.created(),
      lead.personal({ enriched: true }),
      lead.contact(),
    ]);
    return { 'lead-slow-partner': subjectOf(lead) };
  },

  async released(recording) {
    const { organization } = await aPartner(recording);
    const { client, operations } = recording.service.deps;
    const lead = aLead(organization);
    await client.publishMany([lead.created(), lead.contact()]);
    await settled(recording.service.deps, lead, 2);
    await operations.completeEnrichment(organization, lead.leadId);
    return { 'lead-released': subjectOf(lead) };
  },

  async copiesAndConflicts(recording) {
    const { organization } = await aPartner(recording);
    const { client } = recording.service.deps;
    const lead = aLead(organization);
    const created = lead.created();
    await client.publishMany([
      created,
      created,
      { ...lead.contact(), id: created.id },
      lead.personal({ enriched: true }),
    ]);
    await settled(recording.service.deps, lead, 2);
    await client.publish(created);
    return { 'lead-copies-and-conflicts': subjectOf(lead) };
  },

  async widget(recording) {
    const { organization } = await aPartner(recording, { status: 500 }, {});
    const widget = aWidget(organization);
    await recording.service.deps.client.publishMany([
      widget.created(),
      widget.updated('inactive'),
      widget.updated('inactive'),
      widget.updated('active'),
    ]);
    return { widget: widgetSubject(widget.widgetId) };
  },
};

/** On a server that suggests to continue as new after few events: with a grace running and deliveries being retried. */
export const continuedScenarios: Record<string, Scenario> = {
  async continued(recording) {
    const { organization } = await aPartner(recording, ...Array<Answer>(4).fill({ status: 500 }), {});
    const { client } = recording.service.deps;
    const lead = aLead(organization);
    const events = [lead.personal({ enriched: true }), ...Array.from({ length: 12 }, () => lead.details())];
    for (const event of [...events, lead.contact()]) {
      await client.publish(event);
      await sleep(30);
    }
    return { 'lead-continued': subjectOf(lead) };
  },
};
