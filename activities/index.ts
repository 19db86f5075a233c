import type { Deps } from '../src/deps.ts';
import { deliverActivities } from './deliver.ts';
import { endpointActivities } from './endpoints.ts';
import { eraseActivities } from './erase.ts';
import { notifyActivities } from './notify.ts';
import { overdueActivities } from './overdue.ts';
import { publishActivities } from './publish.ts';
import { recoveryActivities } from './recovery.ts';
import { resendActivities } from './resend.ts';
import { retentionActivities } from './retention.ts';
import { widgetActivities } from './widget.ts';

/** Everything workflows may ask for. */
export const createActivities = (parts: Deps['activityParts']) => ({
  ...publishActivities(parts),
  ...widgetActivities(parts),
  ...deliverActivities(parts),
  ...endpointActivities(parts),
  ...recoveryActivities(parts),
  ...overdueActivities(parts),
  ...resendActivities(parts),
  ...retentionActivities(parts),
  ...eraseActivities(parts),
  ...notifyActivities(parts),
});
