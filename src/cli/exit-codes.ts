/** Exit codes of the command line, listed in docs/cli.md. */
export const exitCodes = {
  done: 0,
  /** What was asked for failed: a delivery not answered with 2xx, a check of `doctor`. */
  failed: 1,
  /** A wrong command, flag or value. */
  usage: 2,
  /** No key, or one that may not do it. */
  unauthorized: 3,
  notFound: 4,
  conflict: 5,
  /** The service, or a part it needs, is away. */
  unreachable: 6,
  /** Part of it is done: a recovery of which some was abandoned again. */
  partlyDone: 7,
  interrupted: 130,
} as const;

/** What an error of the API means for the exit code. */
export function exitCodeOf(status: number): number {
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return exitCodes.usage;
    case 401:
    case 403:
      return exitCodes.unauthorized;
    case 404:
    case 410:
      return exitCodes.notFound;
    case 409:
      return exitCodes.conflict;
    case 502:
    case 503:
    case 504:
      return exitCodes.unreachable;
    default:
      return exitCodes.failed;
  }
}
