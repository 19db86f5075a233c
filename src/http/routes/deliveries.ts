import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { deliveries } from '../../db/deliveries.ts';
import { deliveryStatuses } from '../../domain/outcome.ts';
import { partner } from '../access/access.ts';
import { eventName } from '../schemas/event-choice.ts';
import { momentIn, organizationPath, uuid } from '../schemas/fields.ts';
import { pageOf, pageQuery, pageRequest, presentPage } from '../page.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { orNotFound } from '../or-not-found.ts';
import { deliveryPresenter, deliverySchema } from '../schemas/delivery.ts';

const collection = '/v1/organizations/:organizationId/deliveries';

const filter = z.strictObject({
  ...pageQuery,
  status: z.enum(deliveryStatuses).optional(),
  event: eventName.optional(),
  endpoint_id: uuid.optional(),
  lead_id: uuid.optional(),
  since: momentIn.optional().meta({ description: 'Created then or later' }),
  until: momentIn.optional().meta({ description: 'Created before' }),
});

/** Deliveries of an organization, with their attempts. */
export const deliveryRoutes =
  ({ config, reads }: Pick<ApiDeps, 'config' | 'reads'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = deliveries(reads);
    const presentDelivery = deliveryPresenter(config);

    app.get(
      collection,
      call(partner, {
        tags: ['Deliveries'],
        summary: 'List deliveries, newest first',
        params: organizationPath,
        querystring: filter,
        response: { 200: pageOf(deliverySchema).meta({ id: 'DeliveryPage' }) },
      }),
      async ({ params, query }) => {
        const { status, event, endpoint_id: endpointId, lead_id: leadId, since, until } = query;
        const filtered = { status, event, endpointId, leadId, since, until };
        return presentPage(await repository.list(params.organizationId, filtered, pageRequest(query)), presentDelivery);
      },
    );

    app.get(
      `${collection}/:deliveryId`,
      call(partner, {
        tags: ['Deliveries'],
        summary: 'Show a delivery',
        params: organizationPath.extend({ deliveryId: uuid }),
        response: { 200: deliverySchema },
      }),
      async ({ params }) => {
        const delivery = orNotFound(await repository.get(params.organizationId, params.deliveryId));
        return presentDelivery(delivery);
      },
    );
  };
