import { progress } from '@clack/prompts';
import type { Session } from './session.ts';

/** Tells how far something is: a bar at a terminal, else a line each time that it has moved. */
export interface Progress {
  update(done: number, text: string): void;
  end(text: string): void;
}

/** @param total of what `update` counts; 0 where it is not known */
export function startProgress({ context, out }: Pick<Session, 'context' | 'out'>, total: number): Progress {
  if (context.stderr.isTTY !== true || out.format !== 'text') return lines(out);
  const bar = progress({ max: Math.max(total, 1), output: context.stderr });
  let shown = 0;
  bar.start('');
  return {
    update(done, text) {
      bar.advance(Math.max(0, Math.min(done, total) - shown), text);
      shown = Math.min(done, total);
    },
    end: (text) => bar.stop(text),
  };
}

function lines(out: Session['out']): Progress {
  let last = '';
  const say = (text: string): void => {
    if (text !== last) out.note(text);
    last = text;
  };
  return { update: (_, text) => say(text), end: say };
}
