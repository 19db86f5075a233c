import type { Session } from './session.ts';

/** Tells how far something is. @param done of the total that was named */
export type Update = (done: number, text: string) => void;

const barWidth = 30;
const defaultColumns = 80;
/** Back to the start of the line, and what stands there is erased. */
const erase = '\r\u001b[K';

/**
 * Shows how far `work` is: a bar at a terminal, else a line each time that it has moved. The bar is gone before anything
 * else is said. The keyboard is left as it is, so that Ctrl-C ends the command as any other.
 * @param total of what is counted; 0 where it is not known
 */
export async function withProgress<Result>(
  { context: { stderr }, out }: Pick<Session, 'context' | 'out'>,
  total: number,
  work: (update: Update) => Promise<Result>,
): Promise<Result> {
  if (stderr.isTTY !== true || out.format !== 'text') return work(lines(out));
  try {
    return await work((done, text) => {
      const line = total > 0 ? `${bar(done / total)} ${text}` : text;
      stderr.write(erase + line.slice(0, (stderr.columns ?? defaultColumns) - 1));
    });
  } finally {
    stderr.write(erase);
  }
}

function bar(share: number): string {
  const filled = Math.round(Math.min(Math.max(share, 0), 1) * barWidth);
  return `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`;
}

function lines(out: Session['out']): Update {
  let last = '';
  return (_, text) => {
    if (text !== last) out.note(text);
    last = text;
  };
}
