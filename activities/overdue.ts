import { setTimeout as wait } from 'node:timers/promises';
import { type Overdue, type OverduePosition, overdueStart } from '../src/db/overdue.ts';
import type { Wake } from '../src/domain/wake.ts';

export interface OverdueDeps {
  overdue: Overdue;
  /** Signals a workflow that its lane may look again; one that should run and does not is started. */
  wake: (wake: Wake) => Promise<void>;
}

const rowsAtOnce = 1_000;
/** Wakes of one batch, and how long one activity goes on (milliseconds). */
const wakesAtOnce = 50;
const turnMs = 15_000;

export const overdueActivities = ({ overdue, wake }: OverdueDeps) => ({
  /**
   * Wakes lanes that are late though nothing stands in their way,
   * for some seconds; gives where to go on, null at the end.
   */
  async wakeOverdue({ position }: { position: OverduePosition | null }): Promise<OverduePosition | null> {
    const endsAt = performance.now() + turnMs;
    for (let at = position ?? overdueStart; ; ) {
      const startedAt = performance.now();
      const { wakes, next } = await overdue.next(at, rowsAtOnce);
      for (let first = 0; first < wakes.length; first += wakesAtOnce) {
        await Promise.allSettled(wakes.slice(first, first + wakesAtOnce).map(wake));
      }
      if (next === null || performance.now() > endsAt) return next;
      at = next;
      // As long as the work took: at most half of one connection, however much waits.
      await wait(performance.now() - startedAt);
    }
  },
});

export type OverdueActivities = ReturnType<typeof overdueActivities>;
