import { held } from './held.ts';
import { startReceiver } from './receiver.ts';

/** A span as OTLP's JSON has it, its attributes as plain values. */
export interface Span {
  traceId: string;
  spanId: string;
  /** Empty: the first of its trace. */
  parentSpanId: string;
  name: string;
  /** Of the process it comes from. */
  role: unknown;
  attributes: Record<string, unknown>;
  status: 'ok' | 'error';
  links: { traceId: string; spanId: string }[];
}

/** A real OTLP/HTTP receiver, which decodes what it is sent (opentelemetry-proto, trace.proto, in its JSON form). */
export interface Collector {
  url: string;
  spans: Span[];
  /** The requests' bodies, as they came. */
  bodies: string[];
  /** Answers 500 from now on, or no longer. */
  refuse(refuses: boolean): void;
  /** Answers nothing from now on, until what it gives is called. */
  hold(): () => void;
  close(): Promise<void>;
}

interface Value {
  stringValue?: string;
  intValue?: number | string;
  doubleValue?: number;
  boolValue?: boolean;
  arrayValue?: { values: Value[] };
}
type Attributes = { key: string; value: Value }[];

interface Request {
  resourceSpans: {
    resource: { attributes: Attributes };
    scopeSpans: {
      spans: {
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        name: string;
        attributes?: Attributes;
        status?: { code?: number };
        links?: { traceId: string; spanId: string }[];
      }[];
    }[];
  }[];
}

export async function startCollector(): Promise<Collector> {
  const spans: Span[] = [];
  const bodies: string[] = [];
  let refuses = false;
  let answering = Promise.resolve();
  const receiver = await startReceiver(async ({ path, method, json, rawBody }) => {
    await answering;
    if (refuses) return { status: 500 };
    if (path !== '/v1/traces' || method !== 'POST') return { status: 404 };
    bodies.push(rawBody.toString('utf8'));
    spans.push(...spansIn(json as Request));
    return { headers: { 'content-type': 'application/json' }, body: '{}' };
  });
  return {
    url: receiver.url,
    spans,
    bodies,
    refuse: (now) => {
      refuses = now;
    },
    hold() {
      const { released, release } = held();
      answering = released;
      return release;
    },
    close: receiver.close,
  };
}

const spansIn = ({ resourceSpans }: Request): Span[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map(({ traceId, spanId, parentSpanId = '', name, attributes = [], status, links = [] }) => ({
        traceId,
        spanId,
        parentSpanId,
        name,
        role: plain(resource.attributes)['spark360.role'],
        attributes: plain(attributes),
        status: status?.code === 2 ? ('error' as const) : ('ok' as const),
        links,
      })),
    ),
  );

const plain = (attributes: Attributes): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value)]));

function plainValue({ stringValue, intValue, doubleValue, boolValue, arrayValue }: Value): unknown {
  if (arrayValue !== undefined) return arrayValue.values.map(plainValue);
  if (intValue !== undefined) return Number(intValue);
  return stringValue ?? doubleValue ?? boolValue;
}
