import { z } from 'zod';
import { parseKeyRing } from '../crypto/key-ring.ts';

/** A URL with one of the schemes. */
export const url = (...schemes: string[]) =>
  z.string().refine((text) => schemes.some((scheme) => text.startsWith(`${scheme}://`)) && URL.canParse(text), {
    message: `expected a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
  });

/** Keys in the form of ENCRYPTION_KEYS. */
export const keyRing = () =>
  z.string().superRefine((text, context) => {
    try {
      parseKeyRing(text);
    } catch (error) {
      context.addIssue({
        code: 'custom',
        message: `expected id:base64,… with keys of 32 bytes: ${(error as Error).message}`,
      });
    }
  });

/** A whole number, both bounds included. */
export const integer = (least: number, most: number) => {
  const message = `expected a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d+$/, message)
    .transform(Number)
    .refine((value) => value >= least && value <= most, message);
};

/** A name that Temporal takes for a deployment or a build; `without` says what `pattern` refuses. */
export const name = (pattern: RegExp, without: string) =>
  z.string().regex(pattern, `expected at most 200 characters, without ${without}, not beginning with __`);

/** `true` or `false`. */
export const flag = () => z.enum(['true', 'false'], 'expected true or false').transform((text) => text === 'true');

export const withoutLastSlash = (address: string): string => address.replace(/\/+$/, '');
