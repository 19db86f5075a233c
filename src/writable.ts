/**
 * Says which file or folder could not be written, why in the system's word, and what to do; any other error as it came.
 */
export function notWritable(path: string, advice: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return error;
  return new Error(`${path} cannot be written (${code}). ${advice}`, { cause: error });
}
