import { randomUUID } from 'node:crypto';
import type { Deps } from '../../src/deps.ts';
import type { InboundEvent } from './lead-events.ts';

export interface WidgetEvents {
  widgetId: string;
  created(status?: string, object?: object): InboundEvent;
  updated(status: string, options?: { previous?: string; at?: number; object?: object }): InboundEvent;
}

/** What the backend sends of one widget, in the vendor's shape; each event a second later than the one before. */
export function aWidget(organizationId: string | undefined, widgetId: string = randomUUID()): WidgetEvents {
  const started = Date.now() - 60_000;
  let count = 0;
  const event = (name: string, object: object, at: number | undefined, previous: string | undefined): InboundEvent => {
    count += 1;
    return {
      id: randomUUID(),
      event: name,
      data: {
        object: {
          referenceId: widgetId,
          widgetType: 'roof-estimate',
          ...(organizationId !== undefined && { organizationId }),
          ...object,
        },
        ...(previous !== undefined && { previousObject: { status: previous } }),
      },
      timestamp: new Date(at ?? started + count * 1_000).toISOString(),
      version: '1.0',
    };
  };
  return {
    widgetId,
    created: (status = 'active', object = {}) => event('widget.created', { status, ...object }, undefined, undefined),
    updated: (status, { previous, at, object = {} } = {}) =>
      event('widget.updated', { status, ...object }, at, previous),
  };
}

/** A widget as its organization registered it. */
export async function aRegisteredWidget(
  { db }: Deps,
  organizationId: string,
  { id = randomUUID(), version = '02', name = 'New Spark 02', sources = { '03': 'Instagram' } as object } = {},
): Promise<string> {
  await db.execute(
    'insert into widgets (id, organization_id, version, name, sources) values ($1, $2, $3, $4, $5::jsonb)',
    [id, organizationId, version, name, JSON.stringify(sources)],
  );
  return id;
}
