import { console } from './console.ts';
import { contention } from './contention.ts';
import { endpoint } from './endpoint.ts';
import { isolation, isolationSettings } from './isolation.ts';
import { lists } from './lists.ts';
import { type Rig, startRig } from './rig.ts';
import { throughput } from './throughput.ts';

// `npm run bench` gives this process a heap that is hardly collected:
// what the client does for itself is not to be measured.
const scenarios: Record<string, (rig: Rig) => Promise<void>> = {
  throughput,
  isolation,
  contention,
  endpoint,
  lists,
  console,
};
/** With a table of their own size: minutes to fill, so only by name. */
const onlyByName = ['endpoint', 'lists', 'console'];
const named = process.argv.slice(2);
const chosen = named.length > 0 ? named : Object.keys(scenarios).filter((name) => !onlyByName.includes(name));

for (const name of chosen) {
  const scenario = scenarios[name];
  if (scenario === undefined) throw new Error(`no scenario ${name}: there are ${Object.keys(scenarios).join(', ')}`);
  const rig = await startRig(scenario === isolation ? isolationSettings : {});
  try {
    await scenario(rig);
  } finally {
    await rig.stop();
  }
}
