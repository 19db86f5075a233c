import { defineSearchAttributeKey } from '@temporalio/common';

/** What a lead can be found by in Temporal (spec section 6): ids and statuses only, since these are never encrypted. */
export const organizationId = defineSearchAttributeKey('OrganizationId', 'KEYWORD');
export const leadStatus = defineSearchAttributeKey('LeadStatus', 'KEYWORD');
export const leadStage = defineSearchAttributeKey('LeadStage', 'KEYWORD');
export const hasAbandonedDeliveries = defineSearchAttributeKey('HasAbandonedDeliveries', 'BOOL');

export const searchAttributeKeys = [organizationId, leadStatus, leadStage, hasAbandonedDeliveries] as const;
