import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { LeadStage, LeadStatus, LeadStep, LeadStepName, WidgetStep } from '../src/domain/lead.ts';
import type { LeadState } from '../src/domain/lead-state.ts';
import type { DeliveryReport, Lane } from '../src/domain/lanes.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import type { LaneWaitsFor } from './lane-words.ts';

/** Signals of a lead, named after its steps (spec section 6). */
export const addressSignal = defineSignal<[LeadStep]>('address');
export const detailsSignal = defineSignal<[LeadStep]>('details');
export const enrichmentSignal = defineSignal<[LeadStep]>('enrichment');
export const contactSignal = defineSignal<[LeadStep]>('contact');
export const stepSignals = {
  address: addressSignal,
  details: detailsSignal,
  enrichment: enrichmentSignal,
  contact: contactSignal,
} satisfies Record<LeadStepName, unknown>;

export const widgetSignal = defineSignal<[WidgetStep]>('changed');

/**
 * Something changed for the lane of an endpoint: look again at once instead of waiting for a timer or for nothing.
 * `takeOver`: the run before was gone, so this one is to find what is unsettled.
 */
export const wakeSignal = defineSignal<[{ endpointId: string; takeOver?: boolean }]>('wake');
/** What became of attempts that the workflow's task did not wait for. */
export const outcomesSignal = defineSignal<[DeliveryReport[]]>('outcomes');
/** An operator gives an unsettled delivery up. */
export const skipSignal = defineSignal<[{ deliveryId: string }]>('skip');

/** An endpoint's unsettled deliveries, with what the first of them waits for. */
export type LaneDescription = Lane & { waitsFor: LaneWaitsFor };

export interface LeadDescription {
  /** Where the lead stands, in Markdown: what the UI shows as current details. */
  details: string;
  stage: LeadStage;
  leadStatus: LeadStatus | null;
  lanes: LaneDescription[];
  unreadSteps: number;
  lead: LeadState;
}
export const stateQuery = defineQuery<LeadDescription>('state');

export interface WidgetDescription {
  widgetId: string;
  organizationId: string | null;
  lanes: LaneDescription[];
  unreadSteps: number;
}
export const widgetStateQuery = defineQuery<WidgetDescription>('state');

/** The pause numbered `pauseVersion` is to end. */
export const resumeSignal = defineSignal<[{ pauseVersion: number }]>('resume');
export const removeSignal = defineSignal<[]>('remove');
/** How the delivery that goes first after a resume fared. */
export const probedSignal = defineSignal<[{ deliveryId: string; outcome: Outcome['kind'] }]>('probed');

/** A run of the lead was started by a late step: look for its history too. */
export const eraseSignal = defineSignal<[]>('erase');

/** The operator completes a lead's enrichment with what is known; refused while address or personalInfo are not. */
export const completeEnrichmentUpdate = defineUpdate<void>('complete_enrichment');
