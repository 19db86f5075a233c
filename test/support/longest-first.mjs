import { relative } from 'node:path';
import TestSequencer from '@jest/test-sequencer';

/**
 * Files of half a minute and more: begun last, one of them would keep a single worker busy while all others are done.
 */
const long = [
  'faults/operation-points',
  'faults/shutdown',
  'faults/chosen-points',
  'faults/rounds',
  'faults/backpressure',
  'faults/frozen-worker',
  'faults/continue-as-new',
  'browser/console-pages',
  'outbox/parts-away',
  'cli/resources',
  'browser/temporal-ui',
  'workflows/digest',
  'workflows/notice',
  'smoke/start',
  'temporal/worker-versions',
  'delivery/endpoint-scale',
  'browser/console-live-list',
  'browser/console-journeys',
  'delivery/bounds',
  'model/delivery.model',
  'delivery/isolation',
  'workflows/continue-as-new',
  'delivery/endpoint-queue',
  'workflows/lead-lifetime',
  'http/unavailable',
  'outbox/relays',
  'cli/listen',
  'http/recovery',
  'workflows/retries',
  'delivery/failing-endpoint',
  'http/control-unavailable',
  'smoke/roles',
  'workflows/permutations',
  'delivery/under-way',
];

const rankOf = ({ path }) => {
  const index = long.indexOf(relative('test', path).replace(/\.test\.ts$/, ''));
  return index < 0 ? long.length : index;
};

/** Orders test files as Jest does, but that the long ones come first: a clean checkout knows no durations yet. */
export default class LongestFirst extends TestSequencer {
  sort(tests) {
    return super.sort(tests).toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}
