import type { Deps } from '../src/deps.ts';
import { deliverActivities } from './deliver.ts';
import { publishActivities } from './publish.ts';
import { widgetActivities } from './widget.ts';

/** Everything workflows may ask for. */
export const createActivities = (parts: Deps['activityParts']) => ({
  ...publishActivities(parts),
  ...widgetActivities(parts),
  ...deliverActivities(parts),
});
