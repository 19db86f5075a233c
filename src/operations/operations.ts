import { type DeliveryOperationsDeps, deliveryOperations } from './delivery-operations.ts';
import { type EndpointOperationsDeps, endpointOperations } from './endpoint-operations.ts';
import { type LeadOperationsDeps, leadOperations } from './lead-operations.ts';

type OperationsDeps = EndpointOperationsDeps & DeliveryOperationsDeps & LeadOperationsDeps;

/**
 * What an operator or a partner does to endpoints, deliveries and leads. Each call makes its intent durable in Temporal
 * and then acts, so that the caller sees the effect; the workflow repeats the act, in case this process dies.
 */
export const operations = (deps: OperationsDeps) => ({
  ...endpointOperations(deps),
  ...deliveryOperations(deps),
  ...leadOperations(deps),
});

export type Operations = ReturnType<typeof operations>;
