export interface SavedView {
  name: string;
  /** Opening it in a browser adds the view to those that Temporal's UI keeps there. */
  url: string;
}

interface SavedViewOptions {
  uiUrl: string;
  namespace: string;
  /** Absent: there is no view of one organization. */
  organizationId?: string;
  /** Epoch milliseconds: days count back from it. */
  now: number;
  /**
   * The server has the attribute `TemporalReportedProblems`; without it a query that names it is refused. False by
   * default.
   */
  reportsProblems?: boolean;
}

const dayMs = 86_400_000;

/** Links to what an operator looks for in Temporal's UI: `…/workflows?query=…&savedQuery=Name` (docs/operations.md). */
export function savedViews(options: SavedViewOptions): SavedView[] {
  const { uiUrl, namespace, organizationId, now, reportsProblems = false } = options;
  const midnight = new Date(now).toISOString().slice(0, 10);
  const weekAgo = new Date(now - 7 * dayMs).toISOString().slice(0, 19);
  const views: [string, string][] = [
    ['Waiting for enrichment', 'ExecutionStatus="Running" AND LeadStage="waiting_for_enrichment"'],
    ['Abandoned deliveries', 'HasAbandonedDeliveries=true'],
    reportsProblems
      ? [
          'Failing workflow tasks',
          'TemporalReportedProblems IN ("category=WorkflowTaskFailed", "category=WorkflowTaskTimedOut")',
        ]
      : ['Failed or ended by force', 'ExecutionStatus IN ("Failed", "TimedOut", "Terminated")'],
    ['Running longer than 7 days', `ExecutionStatus="Running" AND StartTime < "${weekAgo}Z"`],
    ...(organizationId === undefined
      ? []
      : [['One organization', `OrganizationId="${organizationId}"`] as [string, string]]),
    ['Started today', `StartTime >= "${midnight}T00:00:00Z"`],
  ];
  return views.map(([name, query]) => ({
    name,
    url: `${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows?query=${encodeURIComponent(query)}&savedQuery=${encodeURIComponent(name)}`,
  }));
}
