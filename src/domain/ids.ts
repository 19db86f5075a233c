/**
 * A subject is what events are ordered by. Its name is its workflow's id (spec section 6). Ids are
 * lower-case uuids.
 */
export const leadSubject = (organizationId: string, leadId: string): string => `lead/${organizationId}/${leadId}`;
export const widgetSubject = (widgetId: string): string => `widget/${widgetId}`;
export const endpointWorkflowId = (endpointId: string): string => `endpoint/${endpointId}`;
/** With the job's id, so that none is taken for one of the job before, which may still be closing. */
export const recoveryJobWorkflowId = (endpointId: string, jobId: string): string => `recovery/${endpointId}/${jobId}`;
/** The workflow that brings what a recovery took up, of one subject, to its end. */
export const recoveryWorkflowId = (endpointId: string, jobId: string, subject: string): string =>
  `${recoveryJobWorkflowId(endpointId, jobId)}/${subject}`;
export const eraseWorkflowId = (organizationId: string, leadId: string): string => `erase/${organizationId}/${leadId}`;
/** Where resends run: a partner that hangs holds one of their slots, and no other activity waits for it. */
export const resendTaskQueue = (taskQueue: string): string => `${taskQueue}-resends`;
