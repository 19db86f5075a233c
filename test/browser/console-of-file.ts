import { afterAll, beforeAll } from '@jest/globals';
import { type ConsolePage, type ConsoleRig, startConsole } from './console-rig.ts';

/** The console of a test file: started before its tests, and stopped after them. */
export interface ConsoleOfFile {
  rig(): ConsoleRig;
  /** Its path in the console and, after `/v1`, in the API. */
  organization(): string;
  /** A page of its own, as the operator unless a key is given. */
  signedIn(key?: string): Promise<ConsolePage>;
  /** Asks the API for something of the organization. */
  // biome-ignore lint/suspicious/noExplicitAny: as the answers of TestApi
  get(path: string): Promise<any>;
}

export function consoleOfFile(): ConsoleOfFile {
  let started: ConsoleRig | undefined;
  beforeAll(async () => {
    started = await startConsole();
  }, 180_000);
  afterAll(() => started?.stop());
  const rig = (): ConsoleRig => {
    if (started === undefined) throw new Error('the console is there in tests only');
    return started;
  };
  const organization = (): string => `/organizations/${rig().world.organizationId}`;
  return {
    rig,
    organization,
    async signedIn(key) {
      const console = await rig().open();
      await console.signIn(key);
      return console;
    },
    get: async (path) => (await rig().api.call('GET', `/v1${organization()}${path}`)).body,
  };
}
