import { fileURLToPath } from 'node:url';

/** Where scripts/build.mjs puts the console, seen from dist/src/bin. */
export const consoleDir = fileURLToPath(new URL('../../console', import.meta.url));
