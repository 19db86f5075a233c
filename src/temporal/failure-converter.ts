import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Moves messages and stack traces of failures into a payload, so that the codec encrypts them too: by default they are
 * plain text in history. Temporal loads this file by path and looks for this name, inside workflows as well.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
