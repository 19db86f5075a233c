import { z } from 'zod';
import { operatorOnly, partner, type Role } from './access.ts';
import { organizationPath } from '../schemas/fields.ts';

/** A call that is there twice: of an organization, and of the operator. */
interface Scope {
  prefix: string;
  access: readonly Role[];
  params: z.ZodObject;
}

export const ofOrganization: Scope = {
  prefix: '/v1/organizations/:organizationId',
  access: partner,
  params: organizationPath,
};
export const ofOperator: Scope = { prefix: '/v1', access: operatorOnly, params: z.object({}) };

/** The organization of a call of either scope; null: the operator's. */
export const organizationIdOf = (params: unknown): string | null =>
  (params as { organizationId?: string }).organizationId ?? null;
