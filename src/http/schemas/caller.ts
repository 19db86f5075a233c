import { z } from 'zod';
import type { Principal } from '../access/callers.ts';
import { moment, uuidOut } from './fields.ts';

/** The caller as the API reads it. */
export const caller = z
  .object({
    role: z.enum(['operator', 'ingest', 'organization']),
    organization_id: uuidOut.nullable(),
    session: z
      .object({ id: uuidOut, read_only: z.boolean(), created_at: moment, expires_at: moment })
      .nullable()
      .meta({ description: 'Null for a caller with a key' }),
  })
  .meta({ id: 'Caller' });

export const presentCaller = (principal: Principal): z.input<typeof caller> => ({
  role: principal.role,
  organization_id: principal.role === 'organization' ? principal.organizationId : null,
  session:
    principal.session === null
      ? null
      : {
          id: principal.session.id,
          read_only: principal.session.readOnly,
          created_at: principal.session.createdAt.toISOString(),
          expires_at: principal.session.expiresAt.toISOString(),
        },
});
