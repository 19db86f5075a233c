import { Client, Connection } from '@temporalio/client';
import { allArrived } from './arrival.ts';
import { type Backend, type SendOptions, type SentLead, startBackend, type Way } from './backend.ts';
import { type Cluster, type ClusterOptions, startCluster } from './cluster.ts';
import { patienceMs } from './moments.ts';
import { type Operator, operatorOf, type Subscribed } from './operator.ts';
import { Oracle } from '../support/oracle.ts';
import type { Handler } from '../support/receiver.ts';
import { healthy } from './partner.ts';

/** All that a test of faults needs: the cluster, who talks to it, and who judges. */
export interface Rig {
  cluster: Cluster;
  oracle: Oracle;
  operator: Operator;
  backend: Backend;
  /** A new organization with one partner for each behaviour. */
  organization(...behaviours: Handler[]): Promise<Organization>;
  /** Of workflows whose id starts so, running or closed. */
  workflowIds(prefix: string): Promise<string[]>;
  stop(): Promise<void>;
}

export interface Organization {
  id: string;
  partners: Subscribed[];
  /** The first of them. */
  partner: Subscribed;
  /** Sends whole leads, and resolves when all of their steps are accepted. */
  send(count: number, way?: Way, options?: SendOptions): Promise<SentLead[]>;
  /** Sends whole leads, and resolves when all of their events are with all partners. */
  deliver(count: number, way?: Way, options?: SendOptions): Promise<void>;
  arrived(leads: readonly Pick<SentLead, 'leadId'>[], timeoutMs?: number): Promise<void>;
}

export async function startRig(options: ClusterOptions = {}): Promise<Rig> {
  const cluster = await startCluster(options);
  const oracle = new Oracle();
  const operator = operatorOf(cluster, oracle);
  const backend = await startBackend(cluster);
  const all: Subscribed[] = [];

  async function organization(...behaviours: Handler[]): Promise<Organization> {
    const { organizationId, partners } = await operator.organization(behaviours.length > 0 ? behaviours : [healthy]);
    all.push(...partners);
    const arrived: Organization['arrived'] = (leads, timeoutMs = patienceMs) =>
      allArrived(oracle, leads, partners, timeoutMs);
    const send: Organization['send'] = (count, way = 'http', sendOptions = {}) =>
      Promise.all(
        Array.from({ length: count }, async () => {
          const { lead, accepted } = backend.send(organizationId, way, sendOptions);
          await accepted;
          return lead;
        }),
      );
    return {
      id: organizationId,
      partners,
      partner: partners[0] as Subscribed,
      send,
      arrived,
      deliver: async (...args) => arrived(await send(...args)),
    };
  }
  async function workflowIds(prefix: string): Promise<string[]> {
    const connection = await Connection.connect({ address: cluster.temporal.address });
    try {
      const found: string[] = [];
      const query = `WorkflowId STARTS_WITH '${prefix}'`;
      for await (const { workflowId } of new Client({ connection }).workflow.list({ query })) found.push(workflowId);
      return found;
    } finally {
      await connection.close();
    }
  }
  return {
    ...{ cluster, oracle, operator, backend, organization, workflowIds },
    async stop() {
      await backend.close();
      await cluster.stop();
      for (const partner of all) await partner.close();
    },
  };
}
