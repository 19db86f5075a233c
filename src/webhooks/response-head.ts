/** Interim answers and headers together; beyond it the answer is given up (RFC 6585 §5 leaves the limit to us). */
export const maxHeadBytes = 128 * 1024;

/** RFC 9112 §4, and more: any version, more than one space, no reason. Empty lines may come before it (§2.2). */
const statusLine = /^(?:\r?\n)*HTTP\/\d+(?:\.\d+)? +([1-9]\d\d)(?=[ \r\n])/i;
const longestStatusLineStart = 64;
const endOfHead = /\r?\n\r?\n/;
const switchingProtocols = 101;

/**
 * Reads a connection's bytes ahead of the HTTP parser, up to the final status line, which then counts also where the
 * parser refuses the rest. Interim answers (RFC 9110 §15.2) are taken out: undici gives up at an unasked 100.
 */
export class ResponseHead {
  /** Of the final answer; null until its status line could be read. */
  statusCode: number | null = null;
  /** Of this answer, interim ones included. */
  bytes = 0;
  #stage: 'status line' | 'interim headers' | 'passed on' = 'status line';
  /** What is too short to be judged. */
  #held: Buffer | null = null;

  get isTooLarge(): boolean {
    return !this.#isPassedOn() && this.bytes > maxHeadBytes;
  }

  /** What of `chunk` the parser is to read; null: nothing yet. */
  read(chunk: Buffer): Buffer | null {
    this.bytes += chunk.length;
    if (this.#isPassedOn()) return chunk;
    let rest: Buffer | null = this.#held === null ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = null;
    while (rest !== null && !this.#isPassedOn()) {
      rest = this.#stage === 'status line' ? this.#readStatusLine(rest) : this.#skipHeaders(rest);
    }
    return rest;
  }

  #isPassedOn = (): boolean => this.#stage === 'passed on';

  #readStatusLine(rest: Buffer): Buffer | null {
    const start = rest.toString('latin1', 0, longestStatusLineStart);
    const found = statusLine.exec(start);
    if (found === null) return mayBecomeStatusLine(start) ? this.#hold(rest) : this.#passOn(rest);
    const status = Number(found[1]);
    if (status >= 200) this.statusCode = status;
    if (status >= 200 || status === switchingProtocols) return this.#passOn(rest);
    this.#stage = 'interim headers';
    return rest.subarray(found[0].length);
  }

  #skipHeaders(rest: Buffer): Buffer | null {
    const end = endOfHead.exec(rest.toString('latin1'));
    if (end === null) return this.#hold(rest.subarray(-3)); // The end may be split between two chunks.
    this.#stage = 'status line';
    return rest.subarray(end.index + end[0].length);
  }

  #hold(rest: Buffer): null {
    this.#held = rest;
    return null;
  }

  #passOn(rest: Buffer): Buffer {
    this.#stage = 'passed on';
    return rest;
  }
}

const mayBecomeStatusLine = (start: string): boolean => {
  const text = start.replace(/^[\r\n]+/, '');
  return (
    start.length < longestStatusLineStart && !text.includes('\n') && 'HTTP/'.startsWith(text.slice(0, 5).toUpperCase())
  );
};
