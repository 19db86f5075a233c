import { createLog } from '../../src/log.ts';
import { installRuntime } from '../../src/temporal/runtime.ts';

let isInstalled = false;

/**
 * Before the first worker or test environment of a file:
 * a runtime ends with its last worker, and without one it would never end.
 */
export function installRuntimeOnce(): void {
  if (!isInstalled) installRuntime(createLog({ logLevel: 'error' }, 'test'));
  isInstalled = true;
}
