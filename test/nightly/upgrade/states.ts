import type { Rig } from '../../faults/rig.ts';
import { held, inResume, resendUnderWay, waitingTheirTurn, widgetChanges } from './endpoint-states.ts';
import type { AtEnd, State } from './journeys.ts';
import {
  betweenAttempts,
  betweenSteps,
  continuedAsNew,
  ended,
  inGrace,
  isEnough,
  withoutEnrichment,
} from './lead-states.ts';

/** Waits that outlast the replacement of all processes, but for the ended lead's, which is over before it. */
export const environment = {
  ADDRESS_GRACE: '40s',
  IDLE_AFTER: '8s',
  ATTEMPT_TIMEOUT: '8s',
  RETRY_SCHEDULE: ['500ms', '1s', '2s', '4s', ...Array.from({ length: 60 }, () => '5s')].join(','),
};

/** Everything that waits, each in its way; what passes soonest comes last. */
export async function park(rig: Rig, atEnd: AtEnd): Promise<State[]> {
  const early = await Promise.all([
    ended(rig),
    held(rig),
    continuedAsNew(rig, 'a lead that has continued as new', isEnough),
    continuedAsNew(rig, 'a lead that continues as new afterwards', isEnough / 2),
  ]);
  const late = await Promise.all([
    withoutEnrichment(rig),
    betweenAttempts(rig),
    inResume(rig),
    widgetChanges(rig, atEnd),
  ]);
  const last = await Promise.all([betweenSteps(rig), inGrace(rig), waitingTheirTurn(rig), resendUnderWay(rig)]);
  return [...early, ...late, ...last];
}
