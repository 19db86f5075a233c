import { holdsNull, isTaken, leadEventOrder, signatureOf } from '../support/oracle.ts';
import type { ReceivedRequest } from '../support/receiver.ts';
import type { DeliveryFact, EndpointLife, Observed } from './observed.ts';

/** A request that was begun before a pause, a skip or a deletion may still be on its way (milliseconds). */
const onItsWayMs = 1_500;
/** What a process may take to record an answer; killed within it, it sends again (milliseconds). */
const recordingMs = 5_000;
/** Two clocks are none here, but timers are not exact (milliseconds). */
const toleranceMs = 100;

const isFinal = ({ status }: ReceivedRequest): boolean =>
  status !== null && status >= 400 && status < 500 && ![408, 425, 429].includes(status);

/**
 * Judges what partners saw of one organization against what they were promised. Gives what breaks a promise, in words.
 */
export function judge(observed: Observed): string[] {
  return [
    ...observed.endpoints.flatMap((endpoint) => [
      ...observed.leadIds.flatMap((leadId) => judgeLane(observed, endpoint, leadId)),
      ...judgePauses(endpoint, observed.resends),
      ...judgeSignatures(endpoint),
    ]),
    ...observed.deliveries.flatMap((delivery) => judgeDelivery(observed, delivery)),
    ...judgeEmissions(observed),
  ];
}

const killedBetween = ({ kills }: Observed, from: number, until: number): boolean =>
  kills.some((at) => at >= from - toleranceMs && at <= until + toleranceMs);

const named = ({ leadId, event, sequence, attempt, at }: ReceivedRequest): string =>
  `lead ${leadId} ${event} #${sequence} attempt ${attempt} at ${new Date(at).toISOString().slice(11, 23)}`;

/** When the attempt was over, as the partner knows it: answered, or given up by the service. */
const endOf = ({ at, answeredAt }: ReceivedRequest, timeoutMs: number): number =>
  Math.min(answeredAt ?? at + timeoutMs, at + timeoutMs);

function judgeLane(observed: Observed, endpoint: EndpointLife, leadId: string): string[] {
  const all = endpoint.arrivals.filter((arrival) => arrival.leadId === leadId);
  const lane = all.filter(({ isResend }) => !isResend);
  const bodies = new Map<string, string>();
  const wrong: string[] = [];
  for (const arrival of all) {
    const body = arrival.rawBody.toString('utf8');
    const known = bodies.get(arrival.eventId) ?? body;
    if (known !== body) wrong.push(`${named(arrival)}: other bytes than before`);
    bodies.set(arrival.eventId, known);
    if (holdsNull(body)) wrong.push(`${named(arrival)}: a null`);
  }
  for (const [index, arrival] of lane.entries()) {
    const before = lane.slice(0, index);
    const previous = before.at(-1);
    if (previous !== undefined) wrong.push(...judgeStep(observed, previous, arrival));
    const own = before.filter(({ eventId }) => eventId === arrival.eventId);
    if (own.length === 0) wrong.push(...judgeFirst(observed, arrival, all));
    else wrong.push(...judgeRepeat(observed, own, arrival));
    if (arrival.attempt > observed.lastAttempt) wrong.push(`${named(arrival)}: beyond the schedule`);
    const skip = observed.skips.get(arrival.deliveryId);
    if (skip && arrival.at > skip.grantedAt + onItsWayMs) wrong.push(`${named(arrival)}: sent after it was skipped`);
    if (endpoint.removed && arrival.at > endpoint.removed.grantedAt + onItsWayMs)
      wrong.push(`${named(arrival)}: sent after its endpoint was deleted`);
  }
  return wrong;
}

/** Whatever two requests of a lane follow each other: never backwards, never side by side. */
function judgeStep(observed: Observed, previous: ReceivedRequest, arrival: ReceivedRequest): string[] {
  const wrong: string[] = [];
  if (arrival.sequence < previous.sequence) wrong.push(`${named(arrival)}: after #${previous.sequence}`);
  if (leadEventOrder.indexOf(arrival.event) < leadEventOrder.indexOf(previous.event))
    wrong.push(`${named(arrival)}: after ${previous.event}`);
  const isOver = arrival.at >= endOf(previous, observed.timeoutMs) - toleranceMs;
  if (!isOver && !killedBetween(observed, previous.at, arrival.at))
    wrong.push(`${named(arrival)}: while attempt ${previous.attempt} of #${previous.sequence} was under way`);
  return wrong;
}

/**
 * The first request for an event: everything before it is settled.
 * What never came is judged with the deliveries, where its reason is known.
 */
function judgeFirst(
  { skips, lastAttempt, timeoutMs }: Observed,
  arrival: ReceivedRequest,
  all: readonly ReceivedRequest[],
): string[] {
  const isOver = (other: ReceivedRequest): boolean =>
    ((isTaken(other) || isFinal(other)) && (other.answeredAt ?? Number.POSITIVE_INFINITY) <= arrival.at) ||
    (other.attempt >= lastAttempt && endOf(other, timeoutMs) <= arrival.at + toleranceMs) ||
    (skips.get(other.deliveryId)?.at ?? Number.POSITIVE_INFINITY) <= arrival.at;
  const wrong = arrival.attempt === 1 ? [] : [`${named(arrival)}: the first to come`];
  for (let sequence = 1; sequence < arrival.sequence; sequence += 1) {
    const earlier = all.filter((other) => other.sequence === sequence && other.at <= arrival.at);
    if (earlier.length > 0 && !earlier.some(isOver)) wrong.push(`${named(arrival)}: before #${sequence} was settled`);
  }
  return wrong;
}

/**
 * A repeat carries the next number; the same one only when a process
 * was killed meanwhile, and nothing follows a success but that.
 */
function judgeRepeat(observed: Observed, own: readonly ReceivedRequest[], arrival: ReceivedRequest): string[] {
  const previous = own.at(-1) as ReceivedRequest;
  const isAfterKill = killedBetween(
    observed,
    previous.at,
    Math.min(arrival.at, endOf(previous, observed.timeoutMs) + recordingMs),
  );
  const wrong: string[] = [];
  if (arrival.attempt < previous.attempt) wrong.push(`${named(arrival)}: after attempt ${previous.attempt}`);
  if (arrival.attempt === previous.attempt && !isAfterKill)
    wrong.push(`${named(arrival)}: twice, and nobody was killed`);
  if (isTaken(previous) && !(isAfterKill && arrival.attempt === previous.attempt))
    wrong.push(`${named(arrival)}: the partner had taken it`);
  if (isFinal(previous) && !(isAfterKill && arrival.attempt === previous.attempt))
    wrong.push(`${named(arrival)}: the partner had refused it for good`);
  return wrong;
}

function judgePauses({ id, arrivals, pauses }: EndpointLife, resends: Set<string>): string[] {
  return arrivals
    .filter(({ deliveryId }) => !resends.has(deliveryId))
    .filter(({ at }) => pauses.some(({ from, until }) => at > from + onItsWayMs && at < until))
    .map((arrival) => `${named(arrival)}: sent while endpoint ${id} was paused`);
}

/**
 * Every signature is one of a secret that signed when the
 * request was on its way, made as the public documentation says.
 */
function judgeSignatures({ arrivals, signing }: EndpointLife): string[] {
  return arrivals.flatMap((arrival) => {
    const expected = signing
      .filter(({ from }, index) => {
        const until = signing[index + 1]?.from ?? Number.POSITIVE_INFINITY;
        return from <= arrival.at + toleranceMs && until >= arrival.at - onItsWayMs;
      })
      .flatMap(({ secrets }) => secrets)
      .map((secret) => signatureOf(secret, arrival.rawBody.toString('utf8')));
    const { 'x-spark360-signature': current, 'x-spark360-signature-next': next } = arrival.headers;
    return [current, next ?? current].every((signature) => expected.includes(String(signature)))
      ? []
      : [`${named(arrival)}: a signature that no valid secret makes`];
  });
}

/** What Postgres says of a delivery is what the partner saw of it. */
function judgeDelivery(observed: Observed, delivery: DeliveryFact): string[] {
  const endpoint = observed.endpoints.find(({ id }) => id === delivery.endpointId);
  const arrivals = (endpoint?.arrivals ?? []).filter(({ deliveryId }) => deliveryId === delivery.id);
  const wrong: string[] = [];
  const say = (what: string) =>
    wrong.push(
      `delivery ${delivery.id} (lead ${delivery.leadId} ${delivery.event} #${delivery.sequence}) is ${delivery.status}${delivery.reason ? ` as ${delivery.reason}` : ''}: ${what}`,
    );
  const taken = arrivals.filter(isTaken);
  switch (delivery.status) {
    case 'delivered':
      if (taken.length === 0) say('the partner never took it');
      break;
    case 'abandoned': {
      const kept = taken.filter(
        ({ answeredAt }) => !killedBetween(observed, (answeredAt ?? 0) - recordingMs, (answeredAt ?? 0) + recordingMs),
      );
      if (kept.length > 0) say('the partner took it');
      if (!isExplained(observed, delivery, arrivals, endpoint)) say('nothing that the partner saw explains it');
      break;
    }
    case 'held':
      if (!endpoint?.pauses.some(({ until }) => until === Number.POSITIVE_INFINITY)) say('its endpoint is not paused');
      break;
    default:
      say('not settled at the end');
  }
  for (const arrival of arrivals) {
    const isLogged = observed.attemptIds.has(arrival.attemptId);
    if (
      !isLogged &&
      !killedBetween(observed, arrival.at - recordingMs, endOf(arrival, observed.timeoutMs) + recordingMs)
    )
      say(`attempt ${arrival.attempt} is not in the log`);
  }
  return wrong;
}

function isExplained(
  { skips, lastAttempt }: Observed,
  { id, reason }: DeliveryFact,
  arrivals: readonly ReceivedRequest[],
  endpoint: EndpointLife | undefined,
): boolean {
  switch (reason) {
    case 'rejected':
      return arrivals.some((arrival) => isFinal(arrival) && arrival.status !== 410);
    case 'gone':
      return arrivals.some(({ status }) => status === 410);
    case 'exhausted':
      return arrivals.some(({ attempt }) => attempt >= lastAttempt);
    case 'skipped':
      return skips.has(id);
    case 'endpoint_deleted':
      return endpoint?.removed != null;
    default:
      return false;
  }
}

/** Every event that is due has its delivery at every endpoint that was there from the start, numbered without a gap. */
function judgeEmissions({ endpoints, leadIds, deliveries, due }: Observed): string[] {
  return endpoints.flatMap(({ id, isFirst, removed }) =>
    leadIds.flatMap((leadId) => {
      const lane = deliveries.filter((delivery) => delivery.endpointId === id && delivery.leadId === leadId);
      const wrong: string[] = [];
      if (lane.some(({ sequence }, index) => sequence !== index + 1))
        wrong.push(`lead ${leadId} at ${id}: sequences ${lane.map(({ sequence }) => sequence).join()}`);
      if (new Set(lane.map(({ event }) => event)).size !== lane.length)
        wrong.push(`lead ${leadId} at ${id}: an event twice: ${lane.map(({ event }) => event).join()}`);
      const events = new Set(lane.map(({ event }) => event));
      const missing = (due.get(leadId) ?? []).filter((event) => !events.has(event));
      if (isFirst && removed === null && missing.length > 0)
        wrong.push(`lead ${leadId} at ${id}: never emitted: ${missing.join()}`);
      return wrong;
    }),
  );
}
