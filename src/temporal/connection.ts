import { readFile } from 'node:fs/promises';
import {
  Client,
  Connection,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  type WorkflowClientInterceptor,
} from '@temporalio/client';
import type { Config, TemporalTls } from '../config/config.ts';
import type { KeyRing } from '../crypto/key-ring.ts';
import { rejectAfterClose } from './closed-connection.ts';
import { dataConverter } from './data-converter.ts';

const pingDeadlineMs = 2_000;

export interface TemporalTarget {
  /** host:port */
  address: string;
  namespace: string;
  apiKey?: string;
  /** Absent: no TLS; an empty object: TLS with the system's authorities. */
  tls?: TemporalTls;
}

/** @throws when TEMPORAL_ADDRESS is absent */
export function temporalTarget(config: Config): TemporalTarget {
  const { temporalAddress: address, temporalNamespace: namespace, temporalApiKey, temporalTls } = config;
  if (address === undefined) throw new Error('TEMPORAL_ADDRESS: required');
  return {
    address,
    namespace,
    ...(temporalApiKey !== undefined && { apiKey: temporalApiKey }),
    ...(temporalTls !== undefined && { tls: temporalTls }),
  };
}

/** The options that client and worker connections share. Throws when a named file cannot be read. */
export async function connectionOptions({ address, apiKey, tls }: TemporalTarget) {
  return {
    address,
    ...(apiKey !== undefined && { apiKey }),
    ...(tls !== undefined && { tls: await readTls(tls) }),
  };
}

async function readTls(tls: TemporalTls): Promise<NonNullable<ConnectionOptions['tls']>> {
  const read = async (path: string | undefined) => (path === undefined ? undefined : await readFile(path));
  const [crt, key, ca] = await Promise.all([tls.clientCertPath, tls.clientKeyPath, tls.serverCaCertPath].map(read));
  return {
    ...(crt !== undefined && key !== undefined && { clientCertPair: { crt, key } }),
    ...(ca !== undefined && { serverRootCACertificate: ca }),
    ...(tls.serverName !== undefined && { serverNameOverride: tls.serverName }),
  };
}

/** A client whose payloads and failures are encrypted under `keyRing`. It connects when it is first used. */
export async function temporalClient(
  target: TemporalTarget,
  keyRing: KeyRing,
  interceptors: WorkflowClientInterceptor[] = [],
): Promise<Client> {
  const connection = Connection.lazy({
    ...(await connectionOptions(target)),
    connectTimeout: '5s',
    // gRPC's own default lets a client sleep for two minutes after a long outage.
    channelArgs: { 'grpc.max_reconnect_backoff_ms': 5_000 },
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), rejectAfterClose],
  });
  return new Client({
    connection,
    namespace: target.namespace,
    dataConverter: dataConverter(keyRing),
    interceptors: { workflow: interceptors },
    // A query of a closed run would have a worker replay all of its history, only to tell what Postgres knows.
    workflow: { queryRejectCondition: 'NOT_OPEN' },
  });
}

/** Rejects when Temporal does not answer for the namespace within two seconds. */
export async function pingTemporal({ connection }: Client, namespace: string): Promise<void> {
  await connection.withDeadline(Date.now() + pingDeadlineMs, () =>
    (connection as Connection).workflowService.describeNamespace({ namespace }),
  );
}
