import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { leads } from '../../db/leads.ts';
import { releaseBlockers } from '../../domain/gate.ts';
import { leadSubject } from '../../domain/ids.ts';
import { type LeadState, newLeadState } from '../../domain/lead-state.ts';
import { ApiError } from '../../errors.ts';
import { operatorOnly, partner } from '../access/access.ts';
import { leadPath, leadReader, leadSchema, leadUrl } from '../lead-view.ts';
import type { Released } from '../../operations/lead-operations.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import type { ZodApp } from '../app.ts';
import { orNotFound } from '../or-not-found.ts';

type LeadControlDeps = Pick<ApiDeps, 'config' | 'db' | 'client' | 'keyRing' | 'log' | 'operations'>;

/** The operator's release of a lead, and its erasure (spec sections 1 and 5). */
export const leadControlRoutes =
  (deps: LeadControlDeps): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    addRelease(app, deps);

    app.delete(
      leadUrl,
      call(partner, {
        tags: ['Leads'],
        summary: "Erase a lead's personal data: a tombstone of its ids stays",
        description:
          'Its rows at once, the histories of its workflows soon after. What is unsettled is abandoned, and later events of the lead are dropped.',
        params: leadPath,
        response: { 204: { description: 'Erased' } },
      }),
      async ({ params: { organizationId, leadId } }, reply) => {
        if (!(await deps.operations.erase(organizationId, leadId))) throw new ApiError('not_found');
        return reply.code(204).send();
      },
    );
  };

function addRelease(app: ZodApp, deps: LeadControlDeps): void {
  const repository = leads(deps.db);
  const read = leadReader(deps);
  app.post(
    `${leadUrl}/complete-enrichment`,
    call(operatorOnly, {
      errors: ['already_enriched', 'enrichment_blocked', 'lead_erased'],
      tags: ['Leads'],
      summary: "Complete a lead's enrichment with what is known",
      description:
        '`lead.enriched` goes out with the absent groups left out, then the contact event if one waits. It needs the ' +
        'address and the personal information. A write-back that comes afterwards is recorded as superseded.',
      params: leadPath,
      response: { 202: leadSchema },
    }),
    async ({ params: { organizationId, leadId } }, reply) => {
      const subject = leadSubject(organizationId, leadId);
      if ((await repository.get(subject))?.stage === 'erased') throw new ApiError('lead_erased');
      const answer = await deps.operations.completeEnrichment(organizationId, leadId);
      assertReleased(answer.kind === 'unknown' ? await ofClosedRun(deps, organizationId, leadId) : answer);
      const lead = orNotFound(await read(organizationId, leadId, 'operator'));
      return reply.code(202).send(lead);
    },
  );
}

/** No workflow of the lead runs: it is unknown, or it ended, which it does only when it waits for no enrichment. */
async function ofClosedRun(
  { db, keyRing }: LeadControlDeps,
  organizationId: string,
  leadId: string,
): Promise<Released> {
  const repository = leads(db);
  const subject = leadSubject(organizationId, leadId);
  const events = await repository.eventsOf(subject);
  if (events.some(({ event }) => event === 'lead.enriched')) return { kind: 'already_enriched' };
  if ((await repository.get(subject)) === null) return { kind: 'unknown' };
  const sealed = await repository.stateOf(subject);
  const state = sealed === null ? newLeadState(organizationId, leadId) : keptLead(keyRing.open(sealed, subject));
  return { kind: 'blocked', missing: releaseBlockers(state) };
}

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
