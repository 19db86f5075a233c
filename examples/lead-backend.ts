import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import type { BackendClient, BackendEvent } from 'spark360-events/client';

/** A backend that keeps leads in its own table, and tells the service of each change in one of the three ways. */
export interface LeadBackendDeps {
  /** The backend's database, where sql/outbox.sql was applied. */
  pool: Pool;
  /** The typed client, for a backend in TypeScript that reaches Temporal. */
  client: BackendClient;
  /** The HTTP API, for any language. */
  api: { url: string; key: string };
}

type LeadObject = Extract<BackendEvent, { event: 'lead.created' | 'lead.updated' }>['data']['object'];
type Report = Extract<BackendEvent, { event: 'lead.enrichment_completed' }>['data']['object'];
type Address = LeadObject['addressInfo'];
type Person = NonNullable<LeadObject['personalInfo']>;
type Preference = NonNullable<LeadObject['contactPreference']>;

interface LeadRow {
  id: string;
  organization_id: string;
  flow_id: string;
  address: Address;
  person: Person | null;
}

export const leadsTable = `
  create table if not exists example_leads (
    id uuid primary key, organization_id uuid not null, flow_id uuid not null, address jsonb not null, person jsonb)`;

const envelope = () =>
  ({ id: randomUUID(), timestamp: new Date().toISOString(), mode: 'prod', version: '1.0' }) as const;

const leadOf = (row: LeadRow) => ({
  referenceId: row.organization_id,
  widgetType: 'roof-estimate',
  leadId: row.id,
  flowId: row.flow_id,
  addressInfo: row.address,
});

export const leadBackend = ({ pool, client, api }: LeadBackendDeps) => ({
  /** The outbox: the lead and its event are in one transaction, so there is never one without the other. */
  async createLead(organizationId: string, address: Address): Promise<string> {
    const row = { id: randomUUID(), organization_id: organizationId, flow_id: randomUUID(), address, person: null };
    const event: BackendEvent = {
      ...envelope(),
      event: 'lead.created',
      data: { object: { ...leadOf(row), leadStatus: 'address_info_provided' } },
    };
    await inTransaction(pool, async (db) => {
      await db.query('insert into example_leads (id, organization_id, flow_id, address) values ($1, $2, $3, $4)', [
        row.id,
        organizationId,
        row.flow_id,
        address,
      ]);
      await db.query('select spark360.publish($1)', [event]);
    });
    return row.id;
  },

  /** The outbox again: the row's lock puts the events of one lead into the order of its changes. */
  async savePerson(leadId: string, person: Person): Promise<void> {
    await inTransaction(pool, async (db) => {
      const { rows } = await db.query<LeadRow>('update example_leads set person = $2 where id = $1 returning *', [
        leadId,
        person,
      ]);
      const event: BackendEvent = {
        ...envelope(),
        event: 'lead.updated',
        data: {
          object: {
            ...leadOf(only(rows)),
            leadStatus: 'personal_info_and_estimate_provided',
            personalInfo: person,
          },
        },
      };
      await db.query('select spark360.publish($1)', [event]);
    });
  },

  /** HTTP: a 202 is as durable as a commit. Anything else is repeated with the same id. */
  async reportEnrichment(leadId: string, groups: Omit<Report, 'leadId' | 'referenceId'>): Promise<void> {
    const { organization_id: referenceId } = await leadRow(pool, leadId);
    const event: BackendEvent = {
      ...envelope(),
      event: 'lead.enrichment_completed',
      data: { object: { ...groups, leadId, referenceId } },
    };
    const response = await fetch(`${api.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(event),
    });
    if (response.status !== 202) throw new Error(`POST /v1/events: ${response.status} ${await response.text()}`);
  },

  /** The client: resolves once the event is durable, and repeats it while Temporal is away. */
  async requestContact(leadId: string, contactPreference: Preference): Promise<void> {
    const row = await leadRow(pool, leadId);
    if (row.person === null) throw new Error('contact is asked for by a person');
    await client.publish({
      ...envelope(),
      event: 'lead.updated',
      data: {
        object: { ...leadOf(row), leadStatus: 'contact_info_provided', personalInfo: row.person, contactPreference },
      },
    });
  },
});

async function leadRow(pool: Pool, leadId: string): Promise<LeadRow> {
  return only((await pool.query<LeadRow>('select * from example_leads where id = $1', [leadId])).rows);
}

function only<Row>(rows: Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('there is no such lead');
  return row;
}

async function inTransaction(pool: Pool, work: (db: PoolClient) => Promise<void>): Promise<void> {
  const db = await pool.connect();
  try {
    await db.query('begin');
    await work(db);
    await db.query('commit');
  } catch (error) {
    await db.query('rollback');
    throw error;
  } finally {
    db.release();
  }
}
