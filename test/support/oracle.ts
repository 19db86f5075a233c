import { createHmac } from 'node:crypto';
import type { ReceivedRequest } from './receiver.ts';

/** The order of a lead's events (spec section 1), written down here once more: the oracle trusts nothing of ours. */
export const leadEventOrder = ['lead.address_preview', 'lead.enriched', 'lead.rental_alert', 'lead.contact_requested'];

interface Seen {
  eventId: string;
  event: string;
  body: string;
  sequence: number;
  /** The partner has answered 2xx: it has it. */
  isTaken: boolean;
  /** By the oracle's own clock (milliseconds). */
  takenAt: number;
}

export interface Verdict {
  /** Events that arrived for the first time. */
  events: number;
  requests: number;
  /**
   * Requests for what the partner had taken already, with the old `event_id` and the same bytes: allowed after a fault.
   */
  repeats: number;
  /** Of these, the ones that came after a later event of the same lead: only a frozen sender may do that. */
  lateRepeats: number;
  /** The first hundred repeats, in words: which they were, and how long after they had been taken. */
  repeated: string[];
  /** What breaks a promise, in words. */
  violations: string[];
}

/**
 * Judges what partners see, per lead and endpoint, without knowing anything of the service: first arrivals by sequence
 * without a gap and in the order of the event table, nothing before the one before it was taken, repeats only as the
 * same bytes under the same `event_id`, every request signed.
 */
export class Oracle {
  readonly #lanes = new Map<string, Seen[]>();
  readonly #watchers = new Set<() => void>();
  readonly verdict: Verdict = { events: 0, requests: 0, repeats: 0, lateRepeats: 0, repeated: [], violations: [] };

  /**
   * Judges a request on arrival; gives what is to be called when the partner answers 2xx. Signatures are judged where
   * the endpoint's `secret` is known.
   */
  arrived(request: ReceivedRequest, { endpoint, secret }: { endpoint: string; secret?: string }): () => void {
    this.verdict.requests += 1;
    const { event, eventId, leadId, sequence, headers } = request;
    const body = request.rawBody.toString('utf8');
    const blame = (what: string): void => {
      this.verdict.violations.push(`lead ${leadId} at ${endpoint}: ${event} #${sequence} ${what}`);
    };
    if (secret !== undefined && headers['x-spark360-signature'] !== signatureOf(secret, body))
      blame('has a wrong signature');
    if (holdsNull(body)) blame('holds a null');
    const lane = this.#lane(endpoint, leadId);
    const known = lane.find((seen) => seen.eventId === eventId);
    const seen = known ?? { eventId, event, body, sequence, isTaken: false, takenAt: 0 };
    if (known === undefined) {
      this.#judgeFirst(lane, seen, blame);
      lane.push(seen);
      this.verdict.events += 1;
    } else if (this.#judgeRepeat(lane, known, { event, sequence, body }, blame)) {
      this.#remember(
        `${endpoint}: ${event} of lead ${leadId}, attempt ${request.attempt}${request.isResend ? ', resent' : ''}, ` +
          `${Math.round(performance.now() - known.takenAt)} ms after it was taken, ${new Date().toISOString()}`,
      );
    }
    return () => {
      if (!seen.isTaken) seen.takenAt = performance.now();
      seen.isTaken = true;
      for (const watcher of this.#watchers) watcher();
    };
  }

  /** The events of a lead that an endpoint has taken, in order of their first arrival. */
  taken(endpoint: string, leadId: string): string[] {
    return this.#lane(endpoint, leadId)
      .filter(({ isTaken }) => isTaken)
      .map(({ event }) => event);
  }

  /** Calls `watcher` whenever something was taken, until the returned function is called. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  #lane(endpoint: string, leadId: string): Seen[] {
    const key = `${endpoint} ${leadId}`;
    const lane = this.#lanes.get(key) ?? [];
    this.#lanes.set(key, lane);
    return lane;
  }

  #judgeFirst(lane: Seen[], { event, sequence }: Seen, blame: (what: string) => void): void {
    const last = lane.at(-1);
    if (sequence !== lane.length + 1) blame(`came as number ${lane.length + 1}`);
    if (lane.some((seen) => seen.event === event)) blame('came under a second event_id');
    if (last === undefined) return;
    if (leadEventOrder.indexOf(event) <= leadEventOrder.indexOf(last.event)) blame(`came after ${last.event}`);
    if (!last.isTaken) blame(`came before ${last.event} was taken`);
  }

  #remember(repeat: string): void {
    if (this.verdict.repeated.length < 100) this.verdict.repeated.push(repeat);
  }

  /** Whether it is one of what was taken already. */
  #judgeRepeat(
    lane: Seen[],
    known: Seen,
    repeat: Pick<Seen, 'event' | 'sequence' | 'body'>,
    blame: (what: string) => void,
  ): boolean {
    if (repeat.sequence !== known.sequence || repeat.event !== known.event) blame('was something else before');
    if (repeat.body !== known.body) blame('was repeated with other bytes');
    if (!known.isTaken) return false; // a retry
    this.verdict.repeats += 1;
    if (lane.at(-1) !== known) this.verdict.lateRepeats += 1;
    return true;
  }
}

export const isTaken = ({ status }: ReceivedRequest): boolean => status !== null && status >= 200 && status < 300;

/** Of a payload: an absent value is left out, never null (spec section 4). */
export const holdsNull = (body: string): boolean => /:null[,}\]]/.test(body);

/** `X-Spark360-Signature` as the public documentation says it is made. */
export const signatureOf = (secret: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
