/** A server that `keepRunning` looks after. */
export interface Server {
  ended: Promise<string>;
  stop(): Promise<void>;
}

interface Care<Kind extends Server> {
  name: string;
  start: () => Promise<Kind>;
  /** Its address, the same after a restart, so that connected clients find it again. */
  addressOf: (server: Kind) => string;
  report: (line: string) => void;
  /** Hears that it cannot be kept running. */
  onFailure: (error: Error) => void;
}

/** Starts a server, and starts it again when it ends unasked. */
export async function keepRunning<Kind extends Server>({
  name,
  start,
  addressOf,
  report,
  onFailure,
}: Care<Kind>): Promise<Kind> {
  const first = await start();
  let current: Server = first;
  let stopping = false;

  const watch = async (): Promise<void> => {
    while (!stopping) {
      const reason = await current.ended;
      if (stopping) return;
      report(`${name} ended by itself (${reason}): starting it again …`);
      const next = await start();
      current = next;
      if (addressOf(next) !== addressOf(first)) throw new Error('its port is taken by another process');
    }
  };
  const watching = watch().catch((cause: Error) => {
    if (!stopping) onFailure(new Error(`${name} cannot be started again: ${cause.message}`, { cause }));
  });
  return {
    ...first,
    async stop() {
      stopping = true;
      await current.stop();
      await watching;
    },
  };
}
