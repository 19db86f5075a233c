import { type SavedView, savedViews } from '../../../src/temporal/saved-views.ts';
import type { Schemas } from '../api/client.ts';

type System = Pick<Schemas['System'], 'temporal_ui_url' | 'temporal_namespace'>;

const base = ({ temporal_ui_url, temporal_namespace }: System): string | null =>
  temporal_ui_url === null
    ? null
    : `${temporal_ui_url.replace(/\/$/, '')}/namespaces/${encodeURIComponent(temporal_namespace ?? 'default')}/workflows`;

/** A lead's workflow in Temporal's UI; null: it is not known where that is. */
export function workflowUrl(system: System, organizationId: string, leadId: string): string | null {
  const url = base(system);
  return url === null ? null : `${url}/${encodeURIComponent(`lead/${organizationId}/${leadId}`)}`;
}

/** Views that opening such a link adds to the saved ones of the UI; none while it is not known where that is. */
export function views({ temporal_ui_url, temporal_namespace }: System, now: number): SavedView[] {
  if (temporal_ui_url === null) return [];
  return savedViews({
    uiUrl: temporal_ui_url.replace(/\/$/, ''),
    namespace: temporal_namespace ?? 'default',
    now,
  });
}
