/** For what has to wait until a test says so: it awaits `released`. */
export function held(): { released: Promise<void>; release(): void } {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { released, release };
}
