import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { startReceiver } from '../support/receiver.ts';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { startService, type TestService } from '../support/service.ts';

const minute = 60_000;
const hour = 60 * minute;
/** Everything but Date: the process's wall clock is wrong, and its timers run. */
const timers = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

let service: TestService;
beforeAll(async () => {
  service = await startService({ retryScheduleMs: [minute, minute] });
});
afterEach(() => void jest.useRealTimers());
afterAll(() => service?.stop());

test.each([
  ['slow', -hour],
  ['fast', hour],
])(
  'a worker whose clock is an hour %s retries by the schedule, and logs attempts by the database’s clock',
  async (_which, aheadMs) => {
    const partner = await startReceiver({ status: 503 });
    const organization = await anOrganization(service.deps);
    const { id: endpoint } = await anEndpoint(service.deps, organization, partner.url);
    jest.useFakeTimers({ now: Date.now() + aheadMs, advanceTimers: true, doNotFake: [...timers] });
    await service.deps.client.publish(aLead(organization).created());
    const [row] = await eventually(async () => {
      const rows = await service.deps.db.query<{ due_in_ms: number; started_ago_ms: number }>(
        `select extract(epoch from d.next_attempt_at - now())::float8 * 1000 as due_in_ms,
                extract(epoch from now() - a.started_at)::float8 * 1000 as started_ago_ms
           from deliveries d join attempts a on a.delivery_id = d.id where d.endpoint_id = $1 and d.status = 'retrying'`,
        [endpoint],
      );
      expect(rows).toHaveLength(1);
      return rows;
    });
    expect(row?.due_in_ms).toBeGreaterThan(0.5 * minute);
    expect(row?.due_in_ms).toBeLessThanOrEqual(1.1 * minute);
    expect(row?.started_ago_ms).toBeGreaterThanOrEqual(0);
    expect(row?.started_ago_ms).toBeLessThan(0.5 * minute);
    await partner.close();
  },
);
