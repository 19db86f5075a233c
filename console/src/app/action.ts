import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouteContext } from '@tanstack/react-router';
import { say, sayFailed } from '../components/toasts.tsx';
import { isReadOnly } from './session.ts';

interface Action<Input, Output> {
  run: (input: Input) => Promise<Output>;
  /** What is asked for again afterwards: everything whose key begins so; absent: nothing was changed. */
  refresh?: readonly unknown[];
  /** Null: what is shown next says it. */
  done: string | null | ((output: Output) => string);
  failed: string;
  onDone?: (output: Output) => void;
}

/** Something a person does: says how it ended, and asks anew for what it changed. */
export function useAction<Input = void, Output = unknown>({
  run,
  refresh,
  done,
  failed,
  onDone,
}: Action<Input, Output>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSuccess: (output) => {
      if (done !== null) say(typeof done === 'string' ? done : done(output));
      onDone?.(output);
    },
    onError: (error) => sayFailed(failed, error),
    onSettled: () => (refresh === undefined ? undefined : client.invalidateQueries({ queryKey: refresh })),
  });
}

/** Whether the signed-in person may change anything. */
export const useMayChange = (): boolean => !isReadOnly(useRouteContext({ from: '/shell' }).caller);
