import { type SavedView, savedViews } from '../temporal/saved-views.ts';
import { usageError } from './errors.ts';
import type { Session } from './session.ts';

interface System {
  temporal_ui_url: string | null;
  temporal_namespace: string | null;
}

const columns = [
  { title: 'VIEW', value: ({ name }: SavedView) => name },
  { title: 'LINK', value: ({ url }: SavedView) => url },
];

/** Links for the operator's browser; with an organization named, one of its leads too. */
export async function printViews(
  { api, out, settings }: Session,
  { uiUrl, namespace }: { uiUrl?: string; namespace?: string },
): Promise<void> {
  const system: System =
    uiUrl !== undefined && namespace !== undefined
      ? { temporal_ui_url: uiUrl, temporal_namespace: namespace }
      : await api.call<System>('GET', '/v1/system');
  const at = uiUrl ?? system.temporal_ui_url;
  if (at === null) throw usageError("The service does not know where Temporal's UI is: name it with --ui-url.");
  const data = savedViews({
    uiUrl: at.replace(/\/+$/, ''),
    namespace: namespace ?? system.temporal_namespace ?? 'default',
    ...(settings.organization !== undefined && { organizationId: settings.organization }),
    now: Date.now(),
  });
  // A link that was cut at the terminal's width would lead nowhere.
  if (out.format === 'text') for (const { name, url } of data) out.line(`${name.padEnd(28)}${url}`);
  else out.list(columns, { data, next_cursor: null });
}
