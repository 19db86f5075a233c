import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { leadSubject } from '../../src/domain/ids.ts';
import { stateQuery } from '../../workflows/messages.ts';
import type { LeadEvents } from '../support/lead-events.ts';
import { stepsOf } from '../support/ledger.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';

/** The service of a test file, and for each of its tests an organization with one endpoint. */
export interface PartnerOfFile {
  readonly service: TestService;
  readonly receiver: Receiver;
  readonly organization: string;
  readonly endpoint: { id: string; secret: string };
  /** Publishes events by the client, in this order. */
  publish(...events: unknown[]): Promise<unknown>;
  /** A lead's steps in the ledger, as `name outcome`. */
  outcomes(lead: LeadEvents): Promise<string[]>;
  /** What the lead's workflow says of itself. */
  describeLead(lead: LeadEvents): ReturnType<typeof askLead>;
  /** `data` of the request that came as number `index`, from 0. */
  dataOf(index: number): Record<string, unknown>;
}

export function partnerOfFile(config: Parameters<typeof startService>[0]): PartnerOfFile {
  let service: TestService;
  let receiver: Receiver;
  let organization: string;
  let endpoint: PartnerOfFile['endpoint'];
  beforeAll(async () => {
    service = await startService(config);
  });
  afterAll(() => service?.stop());
  beforeEach(async () => {
    receiver = await startReceiver();
    organization = await anOrganization(service.deps);
    endpoint = await anEndpoint(service.deps, organization, receiver.url);
  });
  afterEach(() => receiver?.close());
  return {
    get service() {
      return service;
    },
    get receiver() {
      return receiver;
    },
    get organization() {
      return organization;
    },
    get endpoint() {
      return endpoint;
    },
    publish: (...events) => service.deps.client.publishMany(events),
    outcomes: async ({ organizationId, leadId }) => {
      const steps = await stepsOf(service.deps, leadSubject(organizationId, leadId));
      return steps.map(({ name, outcome }) => `${name} ${outcome}`);
    },
    describeLead: (lead) => askLead(service, lead),
    dataOf: (index) => ((receiver.requests[index] as ReceivedRequest).json as { data: Record<string, unknown> }).data,
  };
}

const askLead = ({ deps }: TestService, { organizationId, leadId }: LeadEvents) =>
  deps.temporal.workflow.getHandle(leadSubject(organizationId, leadId)).query(stateQuery);
