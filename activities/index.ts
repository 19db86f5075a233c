import { deliverActivities, type DeliverDeps } from './deliver.ts';
import { endpointActivities, type EndpointDeps } from './endpoints.ts';
import { eraseActivities, type EraseDeps } from './erase.ts';
import { notifyActivities, type NotifyDeps } from './notify.ts';
import { overdueActivities, type OverdueDeps } from './overdue.ts';
import { publishActivities, type PublishDeps } from './publish.ts';
import { recoveryActivities, type RecoveryDeps } from './recovery.ts';
import { resendActivities, type ResendDeps } from './resend.ts';
import { retentionActivities, type RetentionDeps } from './retention.ts';
import { widgetActivities, type WidgetDeps } from './widget.ts';

export type ActivityDeps = PublishDeps &
  WidgetDeps &
  DeliverDeps &
  EndpointDeps &
  RecoveryDeps &
  OverdueDeps &
  ResendDeps &
  RetentionDeps &
  EraseDeps &
  NotifyDeps;

/** Everything workflows may ask for. */
export const createActivities = (deps: ActivityDeps) => ({
  ...publishActivities(deps),
  ...widgetActivities(deps),
  ...deliverActivities(deps),
  ...endpointActivities(deps),
  ...recoveryActivities(deps),
  ...overdueActivities(deps),
  ...resendActivities(deps),
  ...retentionActivities(deps),
  ...eraseActivities(deps),
  ...notifyActivities(deps),
});
