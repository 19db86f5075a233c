import { randomBytes } from 'node:crypto';

/** `whsec_` tells a reader, and a secret scanner, what the string is (Standard Webhooks specification). */
export const secretPrefix = 'whsec_';

/**
 * A new signing secret: `whsec_` + base64 of 32 random bytes (spec section 4). Shown once, stored
 * sealed, never logged.
 */
export const newSecret = (): string => secretPrefix + randomBytes(32).toString('base64');
