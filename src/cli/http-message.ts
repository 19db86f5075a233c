import { usageError } from './errors.ts';

/** A saved request: its headers, names in lower case, and the bytes behind the empty line. */
export interface SavedRequest {
  headers: ReadonlyMap<string, string>;
  body: Buffer;
}

/**
 * Reads a request as it was on the wire, or as tools save it: perhaps a request line, then headers, an empty line, the
 * body: what is left, byte by byte, or as much as `content-length` says. Lines end by CRLF or LF (RFC 9112 §2.2).
 */
export function parseRequest(bytes: Buffer): SavedRequest {
  const [end, gap] = headEnd(bytes);
  const headers = new Map<string, string>();
  const lines = bytes.subarray(0, end).toString('latin1').split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const colon = line.indexOf(':');
    const isRequestLine = index === 0 && / HTTP\/[\d.]+$/.test(line);
    if (isRequestLine || line === '') continue;
    if (colon < 1) throw usageError(`Line ${index + 1} is no header. Expected: headers, an empty line, the body.`);
    headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { headers, body: bytes.subarray(end + gap) };
}

function headEnd(bytes: Buffer): [end: number, gap: number] {
  const crlf = bytes.indexOf('\r\n\r\n');
  const lf = bytes.indexOf('\n\n');
  if (crlf >= 0 && (lf < 0 || crlf < lf)) return [crlf, 4];
  if (lf >= 0) return [lf, 2];
  throw usageError('No empty line between headers and body. Expected: headers, an empty line, the body.');
}
