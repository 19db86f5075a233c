import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { organizations } from '../../db/organizations.ts';
import { ApiError } from '../../errors.ts';
import { isMailAddress } from '../../mail/address.ts';
import { everyKey, operatorOnly, partner, principalOf } from '../access.ts';
import { moment, organizationPath, text, uuidOut } from '../fields.ts';
import { pageOf, pageQuery, pageRequest, presentPage } from '../page.ts';
import type { ApiParts } from '../parts.ts';
import { keyErrors, bodyErrors, problems } from '../problem.ts';
import { wire } from '../wire.ts';

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

/** Organizations: made by the backend's first event or by a PUT. */
export const organizationRoutes =
  ({ db }: Pick<ApiParts, 'db'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = organizations(db);

    app.put(
      '/v1/organizations/:organizationId',
      {
        config: { access: everyKey, makesOrganization: true },
        schema: {
          tags: ['Organizations'],
          summary: 'Make or change an organization',
          params: organizationPath,
          body: change,
          response: {
            200: organization,
            ...problems(...keyErrors, ...bodyErrors, 'not_found'),
          },
        } satisfies FastifyZodOpenApiSchema,
      },
      async (request) => {
        const { params, body } = request;
        if (principalOf(request).role === 'organization' && body.tier !== undefined) {
          throw new ApiError('forbidden', "An organization's key may not change its tier.");
        }
        return wire(await repository.put(params.organizationId, body));
      },
    );

    app.get(
      '/v1/organizations/:organizationId',
      {
        config: { access: partner },
        schema: {
          tags: ['Organizations'],
          summary: 'Show an organization',
          params: organizationPath,
          response: { 200: organization, ...problems(...keyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params }) => {
        const row = await repository.get(params.organizationId);
        if (row === null) throw new ApiError('not_found');
        return wire(row);
      },
    );

    app.get(
      '/v1/organizations',
      {
        config: { access: operatorOnly },
        schema: {
          tags: ['Organizations'],
          summary: 'List organizations, newest first',
          querystring: z.strictObject(pageQuery),
          response: {
            200: pageOf(organization).meta({ id: 'OrganizationPage' }),
            ...problems(...keyErrors),
          },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ query }) => presentPage(await repository.list(pageRequest(query)), wire),
    );
  };
