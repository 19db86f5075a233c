import type { PayloadCodec } from '@temporalio/common';
import type { FastifyBaseLogger } from 'fastify';
import type { KeyRing } from '../crypto/key-ring.ts';
import type { Database } from '../db/pool.ts';
import type { LeadState } from '../domain/lead-state.ts';
import type { ParsedEvent } from '../schemas/inbound.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface ApiConfig {
  adminApiKey: string;
  allowInsecureEndpoints: 'loopback' | null;
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

export interface ApiParts {
  config: ApiConfig;
  db: Database;
  keyRing: KeyRing;
  client: EventsPort;
  codec: PayloadCodec;
  metrics: Metrics;
  log: FastifyBaseLogger;
  /** Rejects when Temporal cannot be reached. */
  temporalReady(): Promise<void>;
}
