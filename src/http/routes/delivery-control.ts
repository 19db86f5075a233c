import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { type DeliveryView, deliveries } from '../../db/deliveries.ts';
import { endpoints } from '../../db/endpoints.ts';
import { ApiError } from '../../errors.ts';
import { partner } from '../access.ts';
import { organizationPath, uuid } from '../fields.ts';
import type { ApiParts } from '../parts.ts';
import { keyErrors, problems } from '../problem.ts';
import { deliveryPresenter, deliverySchema } from '../wire-delivery.ts';

const item = '/v1/organizations/:organizationId/deliveries/:deliveryId';
const itemPath = organizationPath.extend({ deliveryId: uuid });

/** Resend and skip by hand (spec section 5). */
export const deliveryControlRoutes =
  ({ config, db, operations }: Pick<ApiParts, 'config' | 'db' | 'operations'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = deliveries(db);
    const presentDelivery = deliveryPresenter(config);
    const find = async (organizationId: string, deliveryId: string): Promise<DeliveryView> => {
      const delivery = await repository.get(organizationId, deliveryId);
      if (delivery === null) throw new ApiError('not_found');
      return delivery;
    };

    app.post(
      `${item}/resend`,
      {
        config: { access: partner },
        schema: {
          tags: ['Deliveries'],
          summary: 'Send a settled delivery once more: one attempt, outside the order',
          description:
            'A success makes an abandoned one delivered, a failure changes nothing. Answers before the attempt is made.',
          params: itemPath,
          response: {
            202: deliverySchema,
            ...problems(
              ...keyErrors,
              'not_found',
              'delivery_not_settled',
              'endpoint_deleted',
              'lead_erased',
              'resend_under_way',
            ),
          },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params: { organizationId, deliveryId } }, reply) => {
        const delivery = await find(organizationId, deliveryId);
        await assertResendable(organizationId, delivery);
        if (!(await operations.resend(deliveryId))) {
          // What stood in its way came in between: the delivery says so now, or it is just being sent.
          await assertResendable(organizationId, await find(organizationId, deliveryId));
          throw new ApiError('resend_under_way');
        }
        return reply.code(202).send(presentDelivery(await find(organizationId, deliveryId)));
      },
    );

    app.post(
      `${item}/skip`,
      {
        config: { access: partner },
        schema: {
          tags: ['Deliveries'],
          summary: 'Give an unsettled delivery up, so that what is behind it goes on',
          description: 'It is abandoned as `skipped`; one under way after its answer, unless that is a success.',
          params: itemPath,
          response: { 202: deliverySchema, ...problems(...keyErrors, 'not_found', 'delivery_settled') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params: { organizationId, deliveryId } }, reply) => {
        await find(organizationId, deliveryId);
        const skipped = await operations.skip(deliveryId);
        const delivery = await find(organizationId, deliveryId);
        if (!skipped) throw new ApiError('delivery_settled', `The delivery is ${formatStatus(delivery)}.`);
        return reply.code(202).send(presentDelivery(delivery));
      },
    );

    /** @throws `delivery_not_settled`, `lead_erased` or `endpoint_deleted` */
    async function assertResendable(organizationId: string, delivery: DeliveryView): Promise<void> {
      if (delivery.status !== 'delivered' && delivery.status !== 'abandoned') {
        throw new ApiError('delivery_not_settled', `The delivery is ${formatStatus(delivery)}.`);
      }
      // Erasure removes the bytes also of what was delivered before.
      if (delivery.reason === 'lead_erased' || delivery.body === null) throw new ApiError('lead_erased');
      if ((await endpoints(db).get(organizationId, delivery.endpoint_id)) === null) {
        throw new ApiError('endpoint_deleted');
      }
    }
  };

const formatStatus = ({ status, reason }: DeliveryView): string => (reason === null ? status : `${status}: ${reason}`);
