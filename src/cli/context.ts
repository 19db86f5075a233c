import type { Readable, Writable } from 'node:stream';
import type { Finding, Tell } from '../doctor/check.ts';

/** What the command line sees of the process it runs in: `src/bin/spark360.ts` gives it, tests may too. */
export interface CliContext {
  environment: Readonly<Record<string, string | undefined>>;
  /** The folder whose `.spark360.toml` may name a profile. */
  workingFolder: string;
  /** Where `.config` is, unless XDG_CONFIG_HOME says otherwise. */
  homeFolder: string;
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable & { isTTY?: boolean; columns?: number };
  /**
   * Calls `handle` at the first Ctrl-C, SIGTERM or SIGHUP, and when stdout cannot be written to any more;
   * without it the process ends at once.
   */
  onInterrupt(handle: () => void): void;
  /** Work that needs the service's own parts, by command name. Loaded when it is asked for, and not before. */
  own: OwnCommands;
}

/** Commands that run on the service's machine, with the service's environment, instead of calling the HTTP API. */
interface OwnCommands {
  /** Runs a role until it is stopped; ends the process itself. */
  role(name: Role): Promise<void>;
  reencrypt(report: ReencryptProgress): Promise<ReencryptResult>;
  doctor(options: { fix: boolean; tell: Tell }): Promise<Finding[]>;
}

export const roles = ['api', 'worker', 'relay', 'migrate', 'all'] as const;
export type Role = (typeof roles)[number];

/** Hears how many rows of a kind were sealed anew so far. */
export type ReencryptProgress = (kind: 'endpoints' | 'leads', count: number) => void;

export interface ReencryptResult {
  /** The key that everything is sealed under now. */
  keyId: string;
  endpoints: number;
  leads: number;
  /** What is still under another key. */
  left: { endpoints: number; leads: number };
}
