import type { Client } from '@temporalio/client';
import type { Config } from '../config/config.ts';
import type { KeyRing } from '../crypto/key-ring.ts';
import type { Outbox } from '../db/outbox.ts';
import type { Database } from '../db/pool.ts';
import type { Resolve } from '../webhooks/resolve.ts';

/** What checks look at, and what repairs use. */
export interface DoctorDeps {
  config: Config;
  db: Database;
  temporal: Client;
  taskQueue: string;
  keyRing: KeyRing;
  outbox: Pick<Outbox, 'counts' | 'eventsOf'>;
  resolve: Resolve;
  /** Tells a workflow to look at an endpoint's lane again, and starts it where it is gone. */
  wake: (wake: { workflowId: string; endpointId: string }) => Promise<void>;
  /** Signals an inbound event, with the id that it had. */
  publish: (event: unknown) => Promise<unknown>;
  /** This process's clock, epoch milliseconds. */
  now: () => number;
}

export type Status = 'ok' | 'warning' | 'failed' | 'skipped';

/** What one check found. */
export interface Finding {
  check: string;
  status: Status;
  /** What was seen, in one sentence. */
  detail: string;
  /** What to do about it; null where nothing is wrong. */
  remedy: string | null;
  /** What `--fix` did; null where it did nothing. */
  fixed: string | null;
}

export type Found = Pick<Finding, 'status' | 'detail' | 'remedy'> & { fixed?: string };

export type Tell = (progress: string) => void;

export interface Check {
  name: string;
  /** Checks that must not have failed: this one would say nothing new then. */
  needs: readonly string[];
  /**
   * @param fix repairs where that is safe
   * @param tell hears how far a check is that takes long; one that is silent is given up
   */
  run(deps: DoctorDeps, fix: boolean, tell: Tell): Promise<Found>;
  /** What to do when the check itself fails with an error. */
  remedy: string;
}

export const ok = (detail: string): Found => ({ status: 'ok', detail, remedy: null });
export const warning = (detail: string, remedy: string): Found => ({ status: 'warning', detail, remedy });
export const failed = (detail: string, remedy: string): Found => ({ status: 'failed', detail, remedy });
