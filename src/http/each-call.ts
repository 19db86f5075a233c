type Calls = Record<string, (...args: never[]) => Promise<unknown>>;

/** The same calls, each with its promise wrapped: given a time limit, counted. */
export const eachCall = <Port extends Calls>(
  port: Port,
  wrap: <Result>(call: Promise<Result>) => Promise<Result>,
): Port =>
  Object.fromEntries(
    Object.entries(port).map(([name, call]) => [name, (...args: never[]) => wrap(call(...args))]),
  ) as Port;
