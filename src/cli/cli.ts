import type { CliContext } from './context.ts';
import type { Session } from './session.ts';
import type { GlobalOptions } from './settings.ts';

interface RunningCommand {
  optsWithGlobals(): GlobalOptions;
}

/** What command groups share. Sessions are loaded when a command runs, so that help and completion are quick. */
export class Cli {
  readonly context: CliContext;
  /** Whether errors are documents: known before the arguments are parsed, for those that are about the arguments. */
  readonly wantsJson: boolean;
  /** Likewise, whether errors may be colored. */
  readonly wantsColor: boolean;
  readonly #cleanups = new Set<() => Promise<void>>();
  #isWatching = false;
  #cleanedUp: Promise<void> | undefined;
  /** Ends the command as Ctrl-C does. Called again it changes nothing: what is cleaned up is waited for. */
  interrupt: () => void = () => undefined;
  /** Resolves at Ctrl-C, once a command has begun and what it left is cleaned up. */
  readonly interrupted: Promise<void>;

  constructor(context: CliContext, args: readonly string[]) {
    this.context = context;
    this.wantsJson = args.includes('--json') || args.includes('--jsonl');
    this.wantsColor = !args.includes('--no-color');
    this.interrupted = new Promise((resolve) => {
      this.interrupt = () => {
        this.#cleanedUp ??= this.#cleanUp().then(resolve);
      };
    });
  }

  /** Opens the session of a command that calls the API. @param mayBeNew its profile need not exist yet */
  async open(command: RunningCommand, { mayBeNew = false }: { mayBeNew?: boolean } = {}): Promise<Session> {
    // A role has its own way to stop: only what calls the API ends at once.
    if (!this.#isWatching) this.context.onInterrupt(this.interrupt);
    this.#isWatching = true;
    const { openSession } = await import('./session.ts');
    return openSession(this.context, command.optsWithGlobals(), { mayBeNew });
  }

  /**
   * Runs `cleanup` once: at Ctrl-C, or when the function that is given back is called.
   * At Ctrl-C its errors are not told: it tells itself what a person has to know.
   */
  onEnd(cleanup: () => Promise<void>): () => Promise<void> {
    this.#cleanups.add(cleanup);
    return async () => {
      if (this.#cleanups.delete(cleanup)) await cleanup();
    };
  }

  async #cleanUp(): Promise<void> {
    const all = [...this.#cleanups];
    this.#cleanups.clear();
    await Promise.allSettled(all.map((cleanup) => cleanup()));
  }
}
