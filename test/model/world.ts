import type { Deps } from '../../src/deps.ts';
import type { InboundEvent } from '../support/lead-events.ts';
import type { Receiver } from '../support/receiver.ts';
import type { Mood } from './moods.ts';
import type { EndpointLife, Observed } from './observed.ts';

export interface ModelEndpoint {
  life: EndpointLife;
  partner: Receiver;
  mood: Mood;
  /** Counts begins and ends of resumes: what was looked up meanwhile says nothing. */
  resumes: number;
}

export interface ModelLead {
  leadId: string;
  /** Not posted yet. */
  steps: InboundEvent[];
  /** Events that it causes, whatever the order of its steps. */
  due: string[];
}

/** One organization with its partners: what there is, what was done to it, and chance by a seed. */
export class World {
  readonly log: string[] = [];
  readonly endpoints: ModelEndpoint[] = [];
  readonly leads: ModelLead[] = [];
  readonly skips: Observed['skips'] = new Map();
  readonly resends = new Set<string>();
  readonly startedAt = Date.now();
  readonly deps: Deps;
  readonly organizationId: string;
  readonly random: () => number;

  constructor(deps: Deps, organizationId: string, random: () => number) {
    this.deps = deps;
    this.organizationId = organizationId;
    this.random = random;
  }

  /** Endpoints that were not removed. */
  get open(): ModelEndpoint[] {
    return this.endpoints.filter(({ life }) => life.removed === null);
  }

  note(what: string): void {
    this.log.push(`${new Date().toISOString().slice(11, 23)} ${what}`);
  }

  pick<Value>(values: readonly Value[]): Value | undefined {
    return values[Math.floor(this.random() * values.length)];
  }
}

export const isPaused = ({ life }: ModelEndpoint): boolean =>
  life.pauses.some(({ until }) => until === Number.POSITIVE_INFINITY);

/** From now on it is paused, unless it was. */
export function seenPaused(endpoint: ModelEndpoint): void {
  if (!isPaused(endpoint)) endpoint.life.pauses.push({ from: Date.now(), until: Number.POSITIVE_INFINITY });
}
