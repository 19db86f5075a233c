import type { CliContext } from './context.ts';
import { failedError } from './errors.ts';
import { withProgress } from './progress.ts';
import { outputOf } from './session.ts';
import type { GlobalOptions } from './settings.ts';

/** @throws exit code 1 when something is left under another key */
export async function reencryptAll(context: CliContext, options: GlobalOptions): Promise<void> {
  const out = outputOf(context, options);
  const { keyId, endpoints, leads, left } = await withProgress({ context, out }, 0, (update) =>
    context.own.reencrypt((kind, count) => update(count, `${kind}: ${count} sealed anew`)),
  );
  out.note(`Sealed anew under key ${keyId}: the secrets of ${endpoints} endpoints, the state of ${leads} leads.`);
  out.thing({ key_id: keyId, endpoints, leads, left }, [
    ['key', keyId],
    ['endpoints', endpoints],
    ['leads', leads],
  ]);
  if (left.endpoints + left.leads > 0) {
    throw failedError(
      `Still under another key: ${left.endpoints} endpoints, ${left.leads} leads. Run it again; the log says what cannot be opened.`,
    );
  }
  out.note('Nothing in the database needs another key.');
}
