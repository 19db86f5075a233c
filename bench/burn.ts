/**
 * A program apart from the service: uses the CPU for a given time
 * (milliseconds) at a given rate (per second), at random moments.
 */
const [eachMs = 0, perSecond = 0] = process.argv.slice(2).map(Number);

function burn(): void {
  const from = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(from);
    if ((user + system) / 1_000 >= eachMs) return;
  }
}

const later = (): void => {
  setTimeout(
    () => {
      burn();
      later();
    },
    (-Math.log(1 - Math.random()) * 1_000) / perSecond,
  );
};
later();
// The process that started it is gone.
process.once('disconnect', () => process.exit());
