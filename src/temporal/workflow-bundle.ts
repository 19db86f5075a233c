import { access } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker';
import { failureConverterPath } from './data-converter.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const extension = extname(import.meta.url);

/** What a bundle is made of, and for. */
interface BundleOptions {
  /** Absolute; default: the service's own. */
  workflowsPath?: string;
  /** Whether errors and promises note where they came from: for debugging, at several times the CPU. */
  stacks?: boolean;
}

/**
 * Bundles the workflows that a module exports; gives the code. A module is evaluated once in a process, not once in
 * every workflow: modules hold no state, and evaluating them takes half of the time and most of the memory of a new
 * workflow.
 */
export async function bundleWorkflows({
  workflowsPath = here(`../../workflows/index${extension}`),
  stacks = false,
}: BundleOptions = {}): Promise<string> {
  const withoutStacks = here(`../../workflows/without-stacks${extension}`);
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    failureConverterPath,
    preloadModules: [...(stacks ? [] : [withoutStacks]), workflowsPath, failureConverterPath],
    logger: new DefaultLogger('WARN'),
  });
  return code;
}

/** The bundle that the build made, which has no stacks; else, or with them, one made now: it takes seconds. */
export async function workflowBundle({ stacks }: { stacks: boolean }): Promise<WorkflowBundleOption> {
  const built = here('../../workflow-bundle.js');
  const isBuilt =
    extension === '.js' &&
    (await access(built).then(
      () => true,
      () => false,
    ));
  return isBuilt && !stacks ? { codePath: built } : { code: await bundleWorkflows({ stacks }) };
}
