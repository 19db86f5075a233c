/**
 * Before any workflow, where stacks are not wanted: no error of a workflow notes its stack. The SDK makes one for every
 * promise, for the query that asks a workflow where it stands: most of what a workflow costs (decisions.md).
 */
(Error as { stackTraceLimit?: number }).stackTraceLimit = 0;
export {};
