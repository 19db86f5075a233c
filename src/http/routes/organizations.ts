import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { organizations } from '../../db/organizations.ts';
import { ApiError } from '../../errors.ts';
import { isMailAddress } from '../../mail/address.ts';
import { everyKey, operatorOnly, partner, principalOf } from '../access/access.ts';
import { moment, organizationPath, text, uuidOut } from '../schemas/fields.ts';
import { pageOf, pageQuery, pageRequest, presentPage } from '../page.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { orNotFound } from '../or-not-found.ts';
import { toJson } from '../to-json.ts';

const tier = z.enum(['ultimate', 'premium', 'starter']);
const email = z
  .string()
  .max(320)
  .refine(isMailAddress, { error: 'expected an e-mail address' })
  .meta({ format: 'idn-email' });

const organization = z
  .object({
    id: uuidOut,
    name: z.string().nullable(),
    tier,
    notify: z.array(z.string()),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'Organization' });

const change = z
  .object({
    name: text(200).nullable().optional(),
    tier: tier.optional().meta({ description: "An organization's own key may not send it" }),
    notify: z
      .array(email)
      .max(50, { error: 'expected at most 50 addresses' })
      .optional()
      .meta({ description: 'Who gets the mails about failing endpoints' }),
  })
  .meta({
    id: 'OrganizationChange',
    description: 'What is left out stays as it was; at first `starter` without `notify`',
  });

const filter = z.strictObject({
  ...pageQuery,
  search: text(200).min(1, { error: 'expected text' }).optional().meta({
    description: 'Only those whose name holds it, or whose id begins with it; the case of ASCII letters does not count',
  }),
});

/** Organizations: made by the backend's first event or by a PUT. */
export const organizationRoutes =
  ({ db }: Pick<ApiDeps, 'db'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = organizations(db);

    app.put(
      '/v1/organizations/:organizationId',
      call(everyKey, {
        makesOrganization: true,
        tags: ['Organizations'],
        summary: 'Make or change an organization',
        params: organizationPath,
        body: change,
        response: { 200: organization },
      }),
      async (request) => {
        const { params, body } = request;
        if (principalOf(request).role === 'organization' && body.tier !== undefined) {
          throw new ApiError('forbidden', "An organization's key may not change its tier.");
        }
        return toJson(await repository.put(params.organizationId, body));
      },
    );

    app.get(
      '/v1/organizations/:organizationId',
      call(partner, {
        tags: ['Organizations'],
        summary: 'Show an organization',
        params: organizationPath,
        response: { 200: organization },
      }),
      async ({ params }) => {
        const row = orNotFound(await repository.get(params.organizationId));
        return toJson(row);
      },
    );

    app.get(
      '/v1/organizations',
      call(operatorOnly, {
        tags: ['Organizations'],
        summary: 'List organizations, newest first',
        querystring: filter,
        response: { 200: pageOf(organization).meta({ id: 'OrganizationPage' }) },
      }),
      async ({ query }) => presentPage(await repository.list(pageRequest(query), query.search), toJson),
    );
  };
