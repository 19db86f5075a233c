/**
 * Resolves at the first SIGINT or SIGTERM. A repeated one changes nothing: at a Ctrl-C the terminal signals the whole
 * group, and npm passes its own on to us as well.
 */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.on('SIGINT', () => resolve());
    process.on('SIGTERM', () => resolve());
    // `npm start` was killed without a chance to tell us: no process is left to stop us, and we hold port and DATA_DIR.
    if (process.env.npm_lifecycle_event !== 'start') return;
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) resolve();
    }, 500).unref();
  });
}
