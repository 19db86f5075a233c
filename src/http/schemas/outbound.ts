import { eventTypes } from '../../schemas/outbound.ts';

type JsonSchema = Record<string, unknown>;

/** What a partner receives, as the API documents it. */
interface OutboundSchema {
  /** Of the whole body, with everything it refers to under `$defs`. */
  schema: JsonSchema;
  /** The name its schema has as a component: `LeadEnriched`. */
  name: string;
}

const definitions = '#/$defs/';

/**
 * By the name of the event. The generator points at the root by a reference;
 * here the root itself is first, for readers.
 */
export const outboundSchemas: ReadonlyMap<string, OutboundSchema> = new Map(
  eventTypes.map(({ event, jsonSchema }) => {
    const { $schema, $ref, $defs = {} } = jsonSchema;
    const name = $ref?.startsWith(definitions) ? $ref.slice(definitions.length) : '';
    const { [name]: root, ...others } = $defs as Record<string, JsonSchema>;
    if (root === undefined) throw new Error(`the schema of ${event} has no name`);
    return [event, { name, schema: { $schema, ...root, $defs: others } }];
  }),
);

/** All of them, and what they refer to, as components of an OpenAPI document. */
export function asComponents(prefix: string): Record<string, JsonSchema> {
  const components: Record<string, JsonSchema> = {};
  for (const { name, schema } of outboundSchemas.values()) {
    const text = JSON.stringify(schema).replaceAll(`"${definitions}`, `"${prefix}`);
    const {
      $schema: _dialect,
      $defs,
      ...root
    } = JSON.parse(text) as JsonSchema & { $defs: Record<string, JsonSchema> };
    Object.assign(components, $defs, { [name]: root });
  }
  return components;
}
