import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventTypes } from '../../src/schemas/outbound.ts';
import { startTestApi, type TestApi } from './api.ts';

let api: TestApi;
interface OpenApi {
  openapi: string;
  info: { version: string };
  paths: Record<string, Record<string, { security?: unknown[]; responses: Record<string, unknown> }>>;
  webhooks: Record<string, { post: { requestBody: { content: Record<string, { schema: { $ref: string } }> } } }>;
  components: { schemas: Record<string, { required?: string[]; additionalProperties?: unknown }> };
}
let document: OpenApi;
beforeAll(async () => {
  api = await startTestApi();
  document = (await api.call('GET', '/openapi.json', { key: null })).body;
});
afterAll(() => api?.stop());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

test('the document is OpenAPI 3.1 and every reference in it resolves', () => {
  expect(document.openapi).toMatch(/^3\.1/);
  const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g);
  const named = new Set([...references].map(([, name]) => name));
  expect(named.size).toBeGreaterThan(20);
  for (const name of named) expect(Object.keys(document.components.schemas)).toContain(name);
});

test('the document is of the version of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(document.info.version).toBe(version);
});

test('every outbound event is a webhook with its JSON Schema and an example', () => {
  expect(Object.keys(document.webhooks)).toEqual(eventTypes.map(({ event }) => event));
  for (const { event } of eventTypes) {
    const content = document.webhooks[event]?.post.requestBody.content['application/json'];
    const name = content?.schema.$ref.split('/').at(-1) ?? '';
    expect(document.components.schemas[name]?.required).toEqual([
      'event',
      'event_id',
      'timestamp',
      'organization_id',
      'data',
    ]);
    expect(content).toHaveProperty('example.event', event);
  }
});

test.each([
  ['post', '/v1/events'],
  ['put', '/v1/organizations/{organizationId}'],
  ['get', '/v1/organizations/{organizationId}'],
  ['get', '/v1/organizations'],
  ['put', '/v1/organizations/{organizationId}/widgets/{widgetId}'],
  ['post', '/v1/organizations/{organizationId}/api-keys'],
  ['get', '/v1/organizations/{organizationId}/api-keys'],
  ['delete', '/v1/organizations/{organizationId}/api-keys/{keyId}'],
  ['post', '/v1/api-keys'],
  ['post', '/v1/session'],
  ['get', '/v1/session'],
  ['delete', '/v1/session'],
  ['post', '/v1/organizations/{organizationId}/endpoints'],
  ['get', '/v1/organizations/{organizationId}/endpoints'],
  ['get', '/v1/organizations/{organizationId}/endpoints/{endpointId}'],
  ['patch', '/v1/organizations/{organizationId}/endpoints/{endpointId}'],
  ['delete', '/v1/organizations/{organizationId}/endpoints/{endpointId}'],
  ['post', '/v1/organizations/{organizationId}/endpoints/{endpointId}/pause'],
  ['post', '/v1/organizations/{organizationId}/endpoints/{endpointId}/resume'],
  ['post', '/v1/organizations/{organizationId}/endpoints/{endpointId}/rotate-secret'],
  ['post', '/v1/organizations/{organizationId}/endpoints/{endpointId}/test'],
  ['post', '/v1/organizations/{organizationId}/endpoints/{endpointId}/recover'],
  ['get', '/v1/organizations/{organizationId}/jobs/{jobId}'],
  ['post', '/v1/organizations/{organizationId}/deliveries/{deliveryId}/resend'],
  ['post', '/v1/organizations/{organizationId}/deliveries/{deliveryId}/skip'],
  ['post', '/v1/organizations/{organizationId}/leads/{leadId}/complete-enrichment'],
  ['delete', '/v1/organizations/{organizationId}/leads/{leadId}'],
  ['get', '/v1/organizations/{organizationId}/deliveries'],
  ['get', '/v1/organizations/{organizationId}/deliveries/{deliveryId}'],
  ['get', '/v1/organizations/{organizationId}/leads'],
  ['get', '/v1/organizations/{organizationId}/leads/{leadId}'],
  ['get', '/v1/event-types'],
  ['post', '/codec/decode'],
  ['post', '/codec/encode'],
])('%s %s is documented', (method, path) => {
  expect(document.paths[path]).toHaveProperty(method);
});

test('every operation that needs a key says what happens without one', () => {
  for (const { operation } of operations()) {
    if (operation.security?.length === 0) continue;
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401', '403', '503']));
  }
});

test('the reference page and its script come from here, and its policy lets nothing come from elsewhere', async () => {
  const page = await api.call('GET', '/docs', { key: null });
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(page.body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  const script = await api.call('GET', '/docs/js/scalar.js', { key: null });
  expect(script.status).toBe(200);
  expect(script.headers.get('content-type')).toContain('javascript');
});

test('the event types are listed with their JSON Schema and an example', async () => {
  const { status, body } = await api.call('GET', '/v1/event-types');
  expect(status).toBe(200);
  expect(body.data.map(({ name }: { name: string }) => name)).toEqual(eventTypes.map(({ event }) => event));
  expect(body.data[1]).toMatchObject({
    availability: 'required',
    schema: { type: 'object', properties: { event: { const: 'lead.enriched' } } },
    example: { event: 'lead.enriched' },
  });
});
