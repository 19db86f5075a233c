/** An endpoint's secrets as they are stored. */
interface SealedSecrets {
  endpointId: string;
  secret: Buffer;
  /** The new one, while a rotation's overlap lasts, and after it until the row is next written. */
  nextSecret: Buffer | null;
  overlapEndsAt: Date | null;
}

/** What an endpoint's secrets are sealed for: a sealed one cannot be moved to another endpoint. */
export const secretContext = (endpointId: string): string => `endpoint/${endpointId}`;

/**
 * The secrets that sign at `now` (epoch milliseconds): once a rotation's overlap is over, the new one alone (spec
 * section 3).
 * @param ring opens what was sealed; throws when it cannot
 */
export function signingSecrets(
  ring: { open(sealed: Uint8Array, context: string): Buffer },
  { endpointId, secret, nextSecret, overlapEndsAt }: SealedSecrets,
  now: number,
): { current: string; next: string | null } {
  const open = (sealed: Buffer): string => ring.open(sealed, secretContext(endpointId)).toString('utf8');
  if (nextSecret === null || overlapEndsAt === null) return { current: open(secret), next: null };
  if (overlapEndsAt.getTime() <= now) return { current: open(nextSecret), next: null };
  return { current: open(secret), next: open(nextSecret) };
}
