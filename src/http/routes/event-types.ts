import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { leadStatuses } from '../../domain/lead.ts';
import { eventTypes } from '../../schemas/outbound.ts';
import { partner } from '../access/access.ts';
import { call } from '../call.ts';
import { outboundSchemas } from '../schemas/outbound.ts';

const json = z.record(z.string(), z.unknown());

const eventType = z
  .object({
    name: z.string(),
    description: z.string(),
    availability: z.enum(['required', 'optional']).meta({ description: 'A required one belongs to every endpoint' }),
    lead_status: z.enum(leadStatuses).nullable(),
    schema: json.meta({ description: 'JSON Schema (draft 2020-12) of the whole body' }),
    example: json,
  })
  .meta({ id: 'EventType' });

const all = {
  data: eventTypes.map(({ event, description, availability, leadStatus, example }) => ({
    name: event,
    description,
    availability,
    lead_status: leadStatus,
    schema: outboundSchemas.get(event)?.schema ?? {},
    example: { ...example },
  })),
  next_cursor: null,
};

/** What an endpoint can subscribe to. */
export const eventTypeRoutes: FastifyPluginAsyncZodOpenApi = async (app) => {
  app.get(
    '/v1/event-types',
    call(partner, {
      tags: ['Events'],
      summary: 'List the outbound events, each with its JSON Schema and an example',
      response: { 200: z.object({ data: z.array(eventType), next_cursor: z.null() }).meta({ id: 'EventTypes' }) },
    }),
    async () => all,
  );
};
