import {
  ActivityFailure,
  condition,
  continueAsNew,
  defineSignal,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { NotifyActivities } from '../activities/notify.ts';
import { descriptions } from './descriptions.ts';
import { type DigestRequest, mailTaskQueue, type OverdueLead } from '../src/domain/notice.ts';

export const overdueSignal = defineSignal<[OverdueLead]>('overdue');

export interface DigestInput extends DigestRequest {
  carried?: DigestState;
}

export interface DigestState {
  pending: OverdueLead[];
  /** Reported beyond `maxPending`: counted only. */
  more: number;
  /** Ids of the leads that a mail has named. */
  mailed: string[];
  /** The number of the next mail. */
  number: number;
  /** Not before this time, epoch milliseconds: absolute, since timers do not cross continue-as-new. */
  nextMailAt: number;
}

/** Bounds of what is carried over and handed to the activity: a mail names fewer leads than this anyway. */
const maxPending = 1_000;
const maxMailed = 5_000;

/**
 * Mails an organization about the leads whose enrichment is overdue: at once about the first and what comes with it,
 * then at most once in an interval about what came since (spec section 1). Ends after an interval without any.
 */
export async function digest(input: DigestInput): Promise<void> {
  const { organizationId, collectMs, intervalMs } = input;
  const state = input.carried ?? {
    pending: [],
    more: 0,
    mailed: [],
    number: 1,
    nextMailAt: Date.now() + collectMs,
  };
  setHandler(overdueSignal, (lead) => take(state, lead), { description: descriptions.overdueEnrichment });

  while (await isMailTime(state)) {
    // A lead that is reported in this very moment keeps the run open:
    // the server has the task done again with its signal.
    if (state.pending.length === 0) return;
    const sent = await mail(organizationId, state);
    state.nextMailAt = Date.now() + (sent ? intervalMs : collectMs);
  }
  await continueAsNew<typeof digest>({ organizationId, collectMs, intervalMs, carried: state });
}

/** False when the history has grown so long that a fresh run has to go on. */
async function isMailTime(state: DigestState): Promise<boolean> {
  const isLong = () => workflowInfo().continueAsNewSuggested;
  const waitMs = state.nextMailAt - Date.now();
  if (waitMs > 0) await condition(isLong, waitMs);
  return !isLong();
}

/** Each lead once. */
function take(state: DigestState, lead: OverdueLead): void {
  const isKnown = state.mailed.includes(lead.leadId) || state.pending.some(({ leadId }) => leadId === lead.leadId);
  if (isKnown) return;
  if (state.pending.length < maxPending) state.pending.push(lead);
  else state.more += 1;
}

/**
 * Sends what is pending. False when nothing was sent: then it had become pointless, or the mail server was away for an
 * hour, and the leads are pending again. A recipient that defers the mail for an hour after others took it does not get
 * it: the others must not wait for the next mail, nor get this one again.
 */
async function mail(organizationId: string, state: DigestState): Promise<boolean> {
  const { sendDigest, digestReached } = mailActivities();
  const leads = state.pending.splice(0);
  const more = state.more;
  state.more = 0;
  const id = `digest/${organizationId}/${workflowInfo().firstExecutionRunId}/${state.number}`;
  state.number += 1;
  state.mailed = [...state.mailed, ...leads.map(({ leadId }) => leadId)].slice(-maxMailed);
  try {
    return (await sendDigest({ id, organizationId, leads, more })).sent;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    if (await digestReached({ id })) return true;
    state.mailed = state.mailed.filter((mailed) => !leads.some(({ leadId }) => leadId === mailed));
    state.more += more + Math.max(0, leads.length + state.pending.length - maxPending);
    state.pending = [...leads, ...state.pending].slice(0, maxPending);
    return false;
  }
}

function mailActivities(): Pick<NotifyActivities, 'sendDigest' | 'digestReached'> {
  const taskQueue = mailTaskQueue(workflowInfo().taskQueue);
  const retry = { initialInterval: '10s', backoffCoefficient: 2 } as const;
  const { sendDigest } = proxyActivities<NotifyActivities>({
    summary: 'mails which leads wait for their enrichment',
    taskQueue,
    startToCloseTimeout: '15m',
    heartbeatTimeout: '30s',
    // The run takes part in its own continue-as-new again after this; nothing is lost by it.
    scheduleToCloseTimeout: '1h',
    retry: { ...retry, maximumInterval: '10m' },
  });
  const { digestReached } = proxyActivities<NotifyActivities>({
    summary: 'asks whether the mail reached anybody',
    taskQueue,
    startToCloseTimeout: '1m',
    retry: { ...retry, maximumInterval: '1m' },
  });
  return { sendDigest, digestReached };
}
