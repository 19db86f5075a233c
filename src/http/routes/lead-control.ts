import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { leads } from '../../db/leads.ts';
import { releaseBlockers } from '../../domain/gate.ts';
import { leadSubject } from '../../domain/ids.ts';
import { type LeadState, newLeadState } from '../../domain/lead-state.ts';
import { ApiError } from '../../errors.ts';
import { operatorOnly, partner } from '../access.ts';
import { leadPath, leadReader, leadSchema, leadUrl } from '../lead-view.ts';
import type { Released } from '../../temporal/operations.ts';
import type { ApiParts } from '../parts.ts';
import { keyErrors, problems } from '../problem.ts';

/** The operator's release of a lead, and its erasure (spec sections 1 and 5). */
export const leadControlRoutes =
  (
    parts: Pick<ApiParts, 'config' | 'db' | 'client' | 'keyRing' | 'log' | 'operations'>,
  ): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const { db, keyRing, operations } = parts;
    const repository = leads(db);
    const read = leadReader(parts);

    app.post(
      `${leadUrl}/complete-enrichment`,
      {
        config: { access: operatorOnly },
        schema: {
          tags: ['Leads'],
          summary: "Complete a lead's enrichment with what is known",
          description:
            '`lead.enriched` goes out with the absent groups left out, then the contact event if one waits. It needs the ' +
            'address and the personal information. A write-back that comes afterwards is recorded as superseded.',
          params: leadPath,
          response: {
            202: leadSchema,
            ...problems(...keyErrors, 'not_found', 'already_enriched', 'enrichment_blocked', 'lead_erased'),
          },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params: { organizationId, leadId } }, reply) => {
        const row = await repository.get(leadSubject(organizationId, leadId));
        if (row?.stage === 'erased') throw new ApiError('lead_erased');
        const answer = await operations.completeEnrichment(organizationId, leadId);
        const released = answer.kind === 'unknown' ? await ofClosedRun(organizationId, leadId) : answer;
        assertReleased(released);
        const lead = await read(organizationId, leadId, 'operator');
        if (lead === null) throw new ApiError('not_found');
        return reply.code(202).send(lead);
      },
    );

    app.delete(
      leadUrl,
      {
        config: { access: partner },
        schema: {
          tags: ['Leads'],
          summary: "Erase a lead's personal data: a tombstone of its ids stays",
          description:
            'Its rows at once, the histories of its workflows soon after. What is unsettled is abandoned, and later events of the lead are dropped.',
          params: leadPath,
          response: { 204: { description: 'Erased' }, ...problems(...keyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params: { organizationId, leadId } }, reply) => {
        if (!(await operations.erase(organizationId, leadId))) throw new ApiError('not_found');
        return reply.code(204).send();
      },
    );

    /** No workflow of the lead runs: it is unknown, or it ended, which it does only when it waits for no enrichment. */
    async function ofClosedRun(organizationId: string, leadId: string): Promise<Released> {
      const subject = leadSubject(organizationId, leadId);
      const events = await repository.eventsOf(subject);
      if (events.some(({ event }) => event === 'lead.enriched')) return { kind: 'already_enriched' };
      const row = await repository.get(subject);
      if (row === null) return { kind: 'unknown' };
      const sealed = await repository.stateOf(subject);
      const state = sealed === null ? newLeadState(organizationId, leadId) : keptLead(keyRing.open(sealed, subject));
      return { kind: 'blocked', missing: releaseBlockers(state) };
    }
  };

const keptLead = (kept: Buffer): LeadState => (JSON.parse(kept.toString('utf8')) as { lead: LeadState }).lead;

/** @throws the problem that says why not */
function assertReleased(released: Released): void {
  switch (released.kind) {
    case 'released':
      return;
    case 'unknown':
      throw new ApiError('not_found');
    case 'already_enriched':
      throw new ApiError('already_enriched');
    case 'blocked':
      throw new ApiError('enrichment_blocked', `Not known: ${released.missing.join(', ')}.`, {
        issues: released.missing.map((path) => ({ path, message: 'not known' })),
      });
  }
}
