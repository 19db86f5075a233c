import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../../errors.ts';

/** A request may have 64 KiB, unless its route says more: nothing but events and histories needs it. */
export const maxRequestBytes = 64 * 1024;
/** One with events (spec section 2) or payloads of Temporal may have 4 MiB. */
export const maxBatchBytes = 4 * 1024 * 1024;
// Deeper than any document of this API by far; recursion further down (validation, canonical form) stays on the stack.
const maxDepth = 64;

/**
 * Makes `application/json` the only body that is read; anything else is a 415. Bytes that are not UTF-8 are refused
 * (RFC 8259 §8.1) rather than silently turned into replacement characters in a person's name. An empty body is no body.
 */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) =>
    body.length === 0 ? undefined : parseJson(body),
  );
  app.addHook('preParsing', async ({ headers }, _reply, payload) => {
    const encoding = headers['content-encoding'];
    if (encoding === undefined || encoding.trim().toLowerCase() === 'identity') return payload;
    throw encodingRefused;
  });
}

// RFC 9110 §15.5.16: `Accept-Encoding` tells a refused coding from a refused media type.
const encodingRefused = new ApiError('unsupported_media_type', 'content-encoding: expected none', {
  issues: [{ path: 'content-encoding', message: 'expected none' }],
  headers: { 'accept-encoding': 'identity' },
});

function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw new ApiError('malformed_json', 'The body is not UTF-8.');
  const text = body.toString('utf8');
  if (nestedDeeperThan(text, maxDepth))
    throw new ApiError('malformed_json', `The body is nested deeper than ${maxDepth} levels.`);
  try {
    // `__proto__` becomes a plain own property here, which no schema knows, so nothing is polluted by it.
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    // The parser's message quotes the body.
    throw new ApiError('malformed_json', 'The body is not valid JSON.');
  }
}

const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = ['"', '\\', '[', ']', '{', '}'].map((c) =>
  c.charCodeAt(0),
);

/**
 * Whether brackets and braces outside strings nest deeper than `limit`; text that is no JSON may give either answer.
 */
function nestedDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    if (inString) {
      if (char === backslash) i += 1;
      else if (char === quote) inString = false;
    } else if (char === quote) inString = true;
    else if (char === openBracket || char === openBrace) {
      depth += 1;
      if (depth > limit) return true;
    } else if (char === closeBracket || char === closeBrace) depth -= 1;
  }
  return false;
}
