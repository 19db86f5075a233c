import type { Output } from '../output.ts';
import type { LocalAnswer } from './forward.ts';

export interface Reporter {
  /** Tells of one request and its answer. */
  forwarded(headers: Record<string, string>, answer: LocalAnswer): void;
  /** The delivery that was told of last; null: none was. */
  lastDelivery(): string | null;
}

/** One line for each request that was forwarded; a JSON document with `--json` and `--jsonl`. */
export function reporter(out: Output, onFailure: () => void): Reporter {
  let last: string | null = null;
  return {
    lastDelivery: () => last,
    forwarded(headers, answer) {
      const line = lineOf(headers, answer);
      last = line.delivery_id ?? last;
      if (out.format === 'text') out.line(formatLine(out, line));
      else out.item(line);
      if (!isSuccess(answer)) onFailure();
    },
  };
}

const isSuccess = ({ status_code }: LocalAnswer): boolean =>
  status_code !== null && status_code >= 200 && status_code < 300;

function lineOf(headers: Record<string, string>, { status_code, error }: LocalAnswer) {
  const value = (name: string): string | null => headers[name] ?? null;
  const number = (name: string): number | null => (headers[name] === undefined ? null : Number(headers[name]));
  return {
    at: new Date().toISOString(),
    event: value('X-Spark360-Event'),
    event_id: value('webhook-id'),
    delivery_id: value('X-Spark360-Delivery'),
    sequence: number('X-Spark360-Sequence'),
    attempt: number('X-Spark360-Attempt'),
    resend: value('X-Spark360-Resend') === 'true',
    test: value('X-Spark360-Test') === 'true',
    status_code,
    error: error?.message ?? null,
  };
}

function formatLine({ paint }: Output, line: ReturnType<typeof lineOf>): string {
  const { at, event, sequence, attempt, resend, test, status_code, error, delivery_id } = line;
  const kind = test ? 'test' : resend ? 'resend' : `attempt ${attempt}`;
  const answer = status_code === null ? (error ?? '') : String(status_code);
  const isOk = status_code !== null && status_code < 300;
  return [
    at.slice(11, 19),
    (event ?? '').padEnd(22),
    `#${sequence ?? '-'}`.padEnd(4),
    kind.padEnd(10),
    isOk ? paint.green(answer) : paint.red(answer),
    paint.dim(delivery_id ?? ''),
  ].join('  ');
}
