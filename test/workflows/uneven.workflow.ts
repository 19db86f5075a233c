import { condition, defineQuery, proxyLocalActivities, setHandler } from '@temporalio/workflow';

export interface Answers {
  answer(afterMs: number, to: string): Promise<string>;
}

const { answer } = proxyLocalActivities<Answers>({ startToCloseTimeout: '10s' });

export const heardQuery = defineQuery<string[]>('heard');

/** So many steps (microtasks) lie between an answer and the command it leads to. */
async function steps(count: number): Promise<void> {
  if (count > 0) await steps(count - 1);
}

/** Lanes side by side that ask twice; the one that is answered first takes the longest way to its second question. */
export async function uneven(): Promise<void> {
  const heard: string[] = [];
  setHandler(heardQuery, () => heard);
  const lane = async (name: string, afterMs: number, count: number): Promise<void> => {
    heard.push(`${name} hears ${await answer(afterMs, name)}`);
    await steps(count);
    heard.push(`${name} hears ${await answer(700, `${name} again`)}`);
  };
  await Promise.all([lane('a', 900, 0), lane('b', 300, 20), lane('c', 600, 8)]);
  await condition(() => false);
}
