import fc from 'fast-check';

/** As much of JSON Schema as the API's document uses. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: boolean | Schema;
  format?: string;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  example?: unknown;
}
export type Schemas = Record<string, Schema>;

const hostileText = fc.constantFrom(
  '',
  ' ',
  '\0',
  '\ud800',
  '\u202e',
  '💥'.repeat(50),
  'a'.repeat(3_000),
  "'; drop table leads; --",
  '../../etc/passwd',
  '%00%ff',
  '__proto__',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59+23:59',
  '2026-02-30T00:00:00Z',
  '00000000-0000-0000-0000-000000000000',
  'https://127.0.0.1:1/',
  'http://[::1]/',
  '1e400',
  'NaN',
);
/** What nobody should send. */
export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom(null, true, -1, 0, 2 ** 53, -(2 ** 63), 1e308, 0.1, [], {}, [[[[]]]]),
  fc.array(fc.constantFrom(1, null, 'x'), { maxLength: 300 }),
  fc.dictionary(
    fc.constantFrom('id', '__proto__', 'constructor', 'toString', 'url', 'x'),
    fc.constantFrom(1, null, {}, ''),
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

const uuids = (known: readonly string[]): fc.Arbitrary<string> => fc.oneof(fc.uuid(), fc.constantFrom(...known));

/** Values that fit `schema`, with something hostile in one place of twelve; uuids are often of `known` things. */
export function valuesOf(schema: Schema, schemas: Schemas, known: readonly string[], depth = 0): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 11, arbitrary: fitting(schema, schemas, known, depth) }, { weight: 1, arbitrary: hostile });
}

function fitting(schema: Schema, schemas: Schemas, known: readonly string[], depth: number): fc.Arbitrary<unknown> {
  const inner = (part: Schema) => valuesOf(part, schemas, known, depth + 1);
  if (depth > 12) return hostile;
  if (schema.$ref !== undefined) return inner(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map(inner));
  if (schema.allOf !== undefined)
    return fc.tuple(...schema.allOf.map(inner)).map((parts) => Object.assign({}, ...parts));
  const [type] = [schema.type].flat();
  switch (type) {
    case 'object':
      return objectOf(schema, inner);
    case 'array':
      return fc.array(inner(schema.items ?? {}), { maxLength: Math.min(schema.maxItems ?? 5, 5) });
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1_000, max: Math.min(schema.maximum ?? 1_000, 1e9) });
    case 'number':
      return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'string':
      return textOf(schema, known);
    default:
      return hostile;
  }
}

function objectOf(
  { properties = {}, required = [], additionalProperties }: Schema,
  inner: (part: Schema) => fc.Arbitrary<unknown>,
) {
  const known = Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, inner(part)]));
  const fixed = fc.record(known, { requiredKeys: required.filter((name) => name in known) });
  if (additionalProperties === undefined || additionalProperties === false) return fixed;
  const rest = additionalProperties === true ? {} : additionalProperties;
  return fc
    .tuple(fc.dictionary(fc.string({ maxLength: 8 }), inner(rest), { maxKeys: 4 }), fixed)
    .map(([more, own]) => ({ ...more, ...own }));
}

function textOf({ format, example }: Schema, known: readonly string[]): fc.Arbitrary<unknown> {
  const likely = example === undefined ? [] : [fc.constant(example)];
  if (format === 'uuid' || format === 'guid') return uuids(known);
  if (format === 'date-time')
    return fc.oneof(
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      ...likely,
    );
  if (format === 'email') return fc.emailAddress();
  return fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), ...likely);
}
