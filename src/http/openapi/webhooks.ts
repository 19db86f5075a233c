import { eventTypes } from '../../schemas/outbound.ts';
import { asComponents, outboundSchemas } from '../schemas/outbound.ts';

/** An OpenAPI document, as far as it is added to here. */
interface Document {
  components?: object;
  webhooks?: object;
}

/** Adds what partners receive: a webhook per event, with its schema, an example and the headers (spec section 3). */
export function withWebhooks<Given extends object>(document: Given): Given {
  const { components = {} } = document as Document;
  const { schemas = {} } = components as { schemas?: object };
  return {
    ...document,
    components: { ...components, schemas: { ...schemas, ...asComponents(prefix) } },
    webhooks: Object.fromEntries(eventTypes.map((type) => [type.event, webhook(type)])),
  };
}

type EventType = (typeof eventTypes)[number];

const webhook = ({ event, description, example }: EventType): object => ({
  post: {
    tags: ['Webhooks'],
    summary: description,
    security: [],
    parameters: headers,
    requestBody: {
      required: true,
      content: { 'application/json': { schema: { $ref: `${prefix}${outboundSchemas.get(event)?.name}` }, example } },
    },
    responses: { '2XX': { description: 'Delivered. Anything else is retried, or abandoned.' } },
  },
});

const prefix = '#/components/schemas/';

const header = (name: string, description: string, required = true) => ({
  name,
  in: 'header',
  required,
  description,
  schema: { type: 'string' },
});

const headers = [
  header(
    'X-Spark360-Signature',
    '`sha256=` + hex HMAC-SHA256 of the raw body, keyed with the whole secret, `whsec_` included',
  ),
  header('X-Spark360-Signature-Next', "The same with the new secret, during a rotation's overlap", false),
  header('webhook-id', 'Standard Webhooks: the `event_id`'),
  header('webhook-timestamp', 'Standard Webhooks: seconds since 1970'),
  header('webhook-signature', 'Standard Webhooks: `v1,` + base64; two during an overlap, space-separated'),
  header('X-Spark360-Event', 'The name of the event'),
  header('X-Spark360-Delivery', 'The delivery: one per event and endpoint'),
  header('X-Spark360-Attempt', '1, 2, …'),
  header('X-Spark360-Attempt-Id', 'One per attempt'),
  header('X-Spark360-Sequence', '1, 2, 3, … per lead and endpoint, without a gap; none on a test', false),
  header('X-Spark360-Resend', '`true` on a resend or recovery, which is outside the order', false),
  header('X-Spark360-Test', '`true` on a test', false),
];
