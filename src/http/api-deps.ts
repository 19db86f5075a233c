import type { PayloadCodec } from '@temporalio/common';
import type { FastifyBaseLogger } from 'fastify';
import type { KeyRing } from '../crypto/key-ring.ts';
import type { Notifications } from '../db/notifications.ts';
import type { Database } from '../db/pool.ts';
import type { LeadState } from '../domain/lead-state.ts';
import type { ParsedEvent } from '../schemas/inbound.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Operations } from '../operations/operations.ts';
import type { Sender } from '../webhooks/send.ts';
import type { CodecCapability } from './access/codec-capability.ts';
import type { RequestTraces } from '../telemetry/request-traces.ts';

export interface ApiConfig {
  adminApiKey: string;
  /** Endpoints of one organization at most. */
  maxEndpoints: number;
  allowInsecureEndpoints: 'loopback' | null;
  /** The waits between attempts: a delivery has one attempt more. */
  retryScheduleMs: readonly number[];
  /** Where people reach this service. With https the session's cookie is Secure. */
  publicUrl?: string | undefined;
  temporalNamespace?: string | undefined;
  /**
   * Where Temporal's UI is, for links: the only page of another
   * origin that may call the codec with the session's cookie.
   */
  temporalUiUrl?: string | undefined;
  /** Where the Temporal SDK serves its Prometheus metrics, `host:port`; absent: they are not joined. */
  sdkMetricsAddress?: string | undefined;
}

/** What the API needs of Temporal: the typed client fits it (src/client.ts). */
export interface EventsPort {
  /** Resolves once the event is durable; rejects on any trouble with Temporal. */
  signal(event: ParsedEvent): Promise<{ workflowId: string }>;
  /** What a lead's workflow knows; null when none runs. */
  leadState(organizationId: string, leadId: string): Promise<LeadState | null>;
  /** The organization a widget's workflow knows; null when there is none. */
  widgetOrganization(widgetId: string): Promise<string | null>;
}

export interface ApiDeps {
  config: ApiConfig;
  db: Database;
  /** The same database by a pool of its own, for what lists much: it may be exhausted without harm to the other. */
  reads: Database;
  /** Where the backend's outbox is; `db` unless it has a database of its own. */
  outboxDb: Database;
  keyRing: KeyRing;
  client: EventsPort;
  /** What is done to endpoints, deliveries and leads. */
  operations: Operations;
  /** POSTs once, to allowed addresses only; whatever the receiver does is a result. */
  send: Sender['send'];
  /** What the database notifies of: requests for listeners. */
  notifications: Notifications;
  codec: PayloadCodec;
  /** Absent: Temporal's server is not the embedded one, and its UI needs a key or a session. */
  codecCapability?: CodecCapability | undefined;
  metrics: Metrics;
  /** Absent: requests are not traced. */
  requestTraces?: RequestTraces | undefined;
  log: FastifyBaseLogger;
  /** Where the console was built to; absent: it is not served. */
  consoleDir?: string | undefined;
  /** Rejects when Temporal cannot be reached. */
  temporalReady(): Promise<void>;
}
