import type { Schemas } from '../api/client.ts';

const numbers = new Intl.NumberFormat('en');

/** `1,204`. */
export const number = (value: number): string => numbers.format(value);

/** `1 delivery`, `1,204 deliveries`. */
export const counted = (value: number, one: string, many: string): string =>
  `${number(value)} ${value === 1 ? one : many}`;

/** The same where counting stopped at `most`: `100,000 or more deliveries`. */
export const countedTo = (value: number, most: number, one: string, many: string): string =>
  value >= most ? `${number(most)} or more ${many}` : counted(value, one, many);

type Health = Schemas['EndpointHealth'];

export const unsettledOf = ({ unsettled }: Health): number =>
  unsettled.pending + unsettled.delivering + unsettled.retrying + unsettled.held;

/** How many deliveries an action on the endpoint touches, in words. */
export const touched = (health: Health, count: number): string =>
  countedTo(count, health.counted_to, 'delivery', 'deliveries');

export const percent = (share: number | null): string =>
  share === null ? '–' : `${(Math.floor(share * 1_000) / 10).toFixed(share === 1 ? 0 : 1)} %`;
