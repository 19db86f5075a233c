import { openDatabase } from '../../src/db/pool.ts';
import type { DoctorDeps, Finding } from '../../src/doctor/check.ts';
import { examine } from '../../src/doctor/doctor.ts';
import { createResolve } from '../../src/webhooks/resolve.ts';
import { type TestApi, startTestApi } from '../http/api.ts';
import { createEmptyDatabase } from '../support/services.ts';

/** A service in order, and what the doctor finds there. */
export interface ExaminedService {
  api: TestApi;
  deps: DoctorDeps;
  /** What the doctor finds by one check, with one thing broken. */
  finding(check: string, broken?: Partial<DoctorDeps>, options?: { fix?: boolean }): Promise<Finding>;
  /** Undone after the test, the last one first. */
  cleanups: (() => Promise<unknown>)[];
  anEmptyDatabase(): Promise<ReturnType<typeof openDatabase>>;
  cleanUp(): Promise<void>;
  stop(): Promise<void>;
}

export async function startExaminedService(): Promise<ExaminedService> {
  const api = await startTestApi({ worker: true });
  const { config, db, temporal, taskQueue, keyRing, client, activityDeps } = api.deps;
  const { outbox, wake } = activityDeps;
  const publish = (event: unknown) => client.publish(event);
  const resolve = createResolve();
  const deps: DoctorDeps = { config, db, temporal, taskQueue, keyRing, outbox, wake, publish, resolve, now: Date.now };
  const cleanups: ExaminedService['cleanups'] = [];
  return {
    api,
    deps,
    async finding(check, broken = {}, { fix = false } = {}) {
      const findings = await examine({ ...deps, ...broken }, { fix });
      const finding = findings.find((one) => one.check === check);
      if (finding === undefined) throw new Error(`there is no check ${check}`);
      return finding;
    },
    cleanups,
    async anEmptyDatabase() {
      const database = await createEmptyDatabase();
      const empty = openDatabase(database.url, 1, () => undefined);
      cleanups.push(database.drop, empty.close);
      return empty;
    },
    async cleanUp() {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    },
    stop: () => api.stop(),
  };
}
