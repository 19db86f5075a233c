// `npm start`: installs and builds what is missing or stale, then becomes the service: no second process that would
// have to pass signals on, or could outlive the first.
import './install.mjs';

const { build, isStale } = await import('./build.mjs');
if (isStale()) {
  console.log('Building …');
  await build().catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
}
delete process.env.NODE_PG_FORCE_NATIVE; // read when pg is loaded: it asks for a package that is not installed
await import('../dist/src/bin/all.js');
