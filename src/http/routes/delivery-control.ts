import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { deliveries } from '../../db/deliveries.ts';
import type { DeliveryView } from '../../db/delivery-details.ts';
import { endpoints } from '../../db/endpoints.ts';
import type { Queryable } from '../../db/pool.ts';
import { ApiError } from '../../errors.ts';
import { partner } from '../access/access.ts';
import { organizationPath, uuid } from '../schemas/fields.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import type { ZodApp } from '../app.ts';
import { orNotFound } from '../or-not-found.ts';
import { deliveryPresenter, deliverySchema } from '../schemas/delivery.ts';

const item = '/v1/organizations/:organizationId/deliveries/:deliveryId';
const itemPath = organizationPath.extend({ deliveryId: uuid });

type ControlDeps = Pick<ApiDeps, 'config' | 'db' | 'operations'>;

/** Resend and skip by hand (spec section 5). */
export const deliveryControlRoutes =
  (deps: ControlDeps): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    addResend(app, deps);
    addSkip(app, deps);
  };

function addResend(app: ZodApp, { config, db, operations }: ControlDeps): void {
  const repository = deliveries(db);
  const presentDelivery = deliveryPresenter(config);
  app.post(
    `${item}/resend`,
    call(partner, {
      errors: ['delivery_not_settled', 'endpoint_deleted', 'lead_erased', 'resend_under_way'],
      tags: ['Deliveries'],
      summary: 'Send a settled delivery once more: one attempt, outside the order',
      description:
        'A success makes an abandoned one delivered, a failure changes nothing. Answers before the attempt is made.',
      params: itemPath,
      response: { 202: deliverySchema },
    }),
    async ({ params: { organizationId, deliveryId } }, reply) => {
      const read = async () => orNotFound(await repository.get(organizationId, deliveryId));
      await assertResendable(db, organizationId, await read());
      if (!(await operations.resend(deliveryId))) {
        // What stood in its way came in between: the delivery says so now, or it is just being sent.
        await assertResendable(db, organizationId, await read());
        throw new ApiError('resend_under_way');
      }
      return reply.code(202).send(presentDelivery(await read()));
    },
  );
}

function addSkip(app: ZodApp, { config, db, operations }: ControlDeps): void {
  const repository = deliveries(db);
  const presentDelivery = deliveryPresenter(config);
  app.post(
    `${item}/skip`,
    call(partner, {
      errors: ['delivery_settled'],
      tags: ['Deliveries'],
      summary: 'Give an unsettled delivery up, so that what is behind it goes on',
      description: 'It is abandoned as `skipped`; one under way after its answer, unless that is a success.',
      params: itemPath,
      response: { 202: deliverySchema },
    }),
    async ({ params: { organizationId, deliveryId } }, reply) => {
      orNotFound(await repository.get(organizationId, deliveryId));
      const skipped = await operations.skip(deliveryId);
      const delivery = orNotFound(await repository.get(organizationId, deliveryId));
      if (!skipped) throw new ApiError('delivery_settled', `The delivery is ${formatStatus(delivery)}.`);
      return reply.code(202).send(presentDelivery(delivery));
    },
  );
}

/** @throws `delivery_not_settled`, `lead_erased` or `endpoint_deleted` */
async function assertResendable(db: Queryable, organizationId: string, delivery: DeliveryView): Promise<void> {
  if (delivery.status !== 'delivered' && delivery.status !== 'abandoned') {
    throw new ApiError('delivery_not_settled', `The delivery is ${formatStatus(delivery)}.`);
  }
  // Erasure removes the bytes also of what was delivered before.
  if (delivery.reason === 'lead_erased' || delivery.body === null) throw new ApiError('lead_erased');
  if ((await endpoints(db).get(organizationId, delivery.endpoint_id)) === null) throw new ApiError('endpoint_deleted');
}

const formatStatus = ({ status, reason }: DeliveryView): string => (reason === null ? status : `${status}: ${reason}`);
