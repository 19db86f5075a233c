// Writes src/api/schema.d.ts, the types of the HTTP API, from the OpenAPI document that the routes make. Needs no server.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import openapiTypes, { astToString } from 'openapi-typescript';
import { pino } from 'pino';
import { buildApi } from '../src/http/server.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';

const app = await buildApi({
  config: { adminApiKey: 'none', allowInsecureEndpoints: null, retryScheduleMs: [] },
  metrics: createMetrics({ process: false }),
  log: pino({ level: 'silent' }),
  db: {},
  reads: {},
  outboxDb: {},
  client: {},
  operations: {},
});
await app.ready();
const types = astToString(
  await openapiTypes(app.swagger(), { silent: true, alphabetize: true, defaultNonNullable: false }),
);
const file = new URL('src/api/schema.d.ts', import.meta.url);
// Written anew, it would make every build old.
if (!existsSync(file) || readFileSync(file, 'utf8') !== types) writeFileSync(file, types);
