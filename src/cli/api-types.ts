import type { z } from 'zod';
import type { leadSchema } from '../http/lead-view.ts';
import type { deliverySchema } from '../http/schemas/delivery.ts';
import type { endpointSchema } from '../http/schemas/endpoint.ts';

/**
 * What the API answers, by the schemas that its OpenAPI document is made from. Types only: nothing of them is loaded.
 */
export type Delivery = z.infer<typeof deliverySchema>;
export type Endpoint = z.infer<typeof endpointSchema>;
export type NewEndpoint = Endpoint & { secret: string };
export type Lead = z.infer<typeof leadSchema>;
export type LeadSummary = Pick<Lead, 'lead_id' | 'organization_id' | 'mode' | 'stage' | 'lead_status'> & {
  created_at: string;
  updated_at: string;
};

/** Part of `GET …/endpoints/{id}/health`; each number goes up to `counted_to`. */
export interface EndpointHealth {
  unsettled: { pending: number; delivering: number; retrying: number; held: number };
  counted_to: number;
}

export interface RecoveryJob {
  id: string;
  status: 'running' | 'done';
  count: number | null;
  delivered: number;
  abandoned: number;
}
