import fc from 'fast-check';
import { hostile, type Schema, type Schemas, valuesOf } from './schema-values.ts';

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
}
interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Schemas };
}

export interface FuzzRequest {
  method: string;
  path: string;
  body: string | undefined;
  key: string | null;
  headers: Record<string, string>;
}

/** What the requests may name: things that are there, and keys of every role. */
export interface Known {
  ids: readonly string[];
  organization: string;
  keys: readonly (string | null)[];
}

/** Requests of every operation of the document: most fit its schemas, some are broken on purpose. */
export function requestsOf(document: OpenApi, known: Known): fc.Arbitrary<FuzzRequest> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      requestOf(method, path, operation, document.components.schemas, known),
    ),
  );
  return fc.oneof(...operations);
}

function requestOf(method: string, path: string, operation: Operation, schemas: Schemas, known: Known) {
  const { parameters = [], requestBody } = operation;
  const inPath = Object.fromEntries(
    [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [name, pathValue(name, known)] as const),
  );
  const query = Object.fromEntries(
    parameters
      .filter((parameter) => parameter.in === 'query')
      .map(({ name, schema }) => [name, valuesOf(schema, schemas, known.ids)]),
  );
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema;
  const body = schema === undefined ? fc.constant(undefined) : bodies(valuesOf(schema, schemas, known.ids));
  return fc
    .record({
      inPath: fc.record(inPath),
      query: fc.record(query, { requiredKeys: [] }),
      unknownQuery: fc.option(fc.tuple(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 })), { freq: 12 }),
      body,
      key: fc.constantFrom(...known.keys),
      headers: fc.oneof({ weight: 9, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: oddHeaders }),
    })
    .map(({ inPath: ids, query: given, unknownQuery, body: text, key, headers }): FuzzRequest => {
      const search = [...Object.entries(given), ...(unknownQuery === null ? [] : [unknownQuery])].map(
        ([name, value]) =>
          `${encoded(name)}=${encoded(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))}`,
      );
      const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) =>
        encoded(`${(ids as Record<string, unknown>)[name]}`),
      );
      return {
        method: method.toUpperCase(),
        path: `${filled}${search.length > 0 ? `?${search.join('&')}` : ''}`,
        body: text,
        key,
        headers,
      };
    });
}

const pathValue = (name: string, { ids, organization }: Known): fc.Arbitrary<unknown> => {
  const own = name === 'organizationId' ? fc.constant(organization) : fc.constantFrom(...ids);
  return fc.oneof(
    { weight: 8, arbitrary: own },
    { weight: 1, arbitrary: fc.uuid() },
    { weight: 1, arbitrary: hostile.map((value) => JSON.stringify(value)) },
  );
};

/** JSON, or what is left of it. */
const bodies = (values: fc.Arbitrary<unknown>): fc.Arbitrary<string | undefined> =>
  fc.oneof(
    { weight: 14, arbitrary: values.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.tuple(values, fc.nat(200)).map(([value, end]) => JSON.stringify(value)?.slice(0, end)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '[',
        '{}',
        'null',
        '[[]]',
        '{"a":1,"a":2}',
        `${'['.repeat(100)}`,
        '\ufeff{}',
        '"',
        '-',
      ),
    },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );

const oddHeaders = fc.constantFrom<Record<string, string>>(
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-encoding': 'gzip' },
  { 'content-type': '' },
  { accept: 'text/xml' },
  { origin: 'https://elsewhere.example' },
  { cookie: 'spark360_session=x; __Host-spark360_session=%00' },
  { 'accept-encoding': 'br;q=0' },
  { 'x-request-id': 'a'.repeat(2_000) },
  { traceparent: '00-zz-zz-01' },
);

const encoded = (text: string): string => encodeURIComponent(Buffer.from(text).toString());
