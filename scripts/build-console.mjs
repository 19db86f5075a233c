// Builds the console into dist/console, each file beside its Brotli form, so that serving one is reading one.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compressible = new Set(['.js', '.css', '.html', '.svg']);

/** Bundles `console/` into `outDir` with Vite. */
export async function buildConsole(outDir) {
  const { build } = await import('vite');
  const configFile = join(root, 'console/vite.config.mjs');
  const { NODE_ENV } = process.env;
  // React's development build is twice as large, and this may run in a development start or a test.
  process.env.NODE_ENV = 'production';
  try {
    await build({ configFile, configLoader: 'native', logLevel: 'warn', build: { outDir } });
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
  for (const path of filesIn(outDir)) {
    if (compressible.has(extname(path))) compress(path);
  }
}

const filesIn = (folder) =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });

function compress(path) {
  const text = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
  writeFileSync(`${path}.br`, brotliCompressSync(text, { params }));
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await buildConsole(process.argv[2] ?? join(root, 'dist/console'));
