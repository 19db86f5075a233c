import { InvalidArgumentError } from '@commander-js/extra-typings';

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function durationMs(text: string): number | null {
  const [, amount, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  return amount === undefined ? null : Number(amount) * (unitMs[unit ?? ''] ?? 0);
}

/** A time as ISO 8601, or as long ago: `2h`. Gives ISO 8601 in UTC. */
export function time(text: string): string {
  const ago = durationMs(text);
  const at = ago === null ? Date.parse(text) : Date.now() - ago;
  const isIso = ago !== null || /^\d{4}-\d{2}-\d{2}(T|$)/.test(text);
  if (!isIso || Number.isNaN(at)) {
    throw new InvalidArgumentError('Expected a time such as 2026-01-31T12:00:00Z, or as long ago: 30m, 2h, 7d.');
  }
  return new Date(at).toISOString();
}

/** A duration such as `24h`, in whole seconds. */
export function seconds(text: string): number {
  const ms = durationMs(text);
  if (ms === null) throw new InvalidArgumentError('Expected a duration such as 0s, 30m, 24h, 7d.');
  return ms / 1_000;
}

/** A whole number, at least 1. */
export function count(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('Expected a whole number, at least 1.');
  return Number(text);
}

/** Names separated by commas. */
export const names = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** An id as it stands in a path. */
export const segment = (id: string): string => encodeURIComponent(id);

/** `1 delivery`, `17 deliveries`. */
export const plural = (amount: number, one: string, many: string): string =>
  `${amount.toLocaleString('en-US')} ${amount === 1 ? one : many}`;

/** `abandoned: gone`, or the status alone. */
export const formatStatus = ({ status, reason }: { status: string; reason: string | null }): string =>
  reason === null ? status : `${status}: ${reason}`;
