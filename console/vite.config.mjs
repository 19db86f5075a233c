import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const service = process.env.CONSOLE_SERVICE ?? 'http://127.0.0.1:8080';

/** The console's build and, with `npx vite console`, its development server, which passes API calls on to a running service. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/console/',
  server: { proxy: Object.fromEntries(['/v1', '/openapi.json'].map((path) => [path, service])) },
  build: {
    target: 'es2023',
    emptyOutDir: true,
    // Every browser of that target loads modules ahead by itself; the polyfill would be an inline script.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      // `use client` says something to servers that render; there is none here.
      onwarn: (warning, report) => warning.code !== 'MODULE_LEVEL_DIRECTIVE' && report(warning),
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules\/(react|react-dom|scheduler)\// },
            {
              name: 'tanstack',
              test: /node_modules\/@tanstack\/(react-router|router-core|history|react-query|query-core|react-store|store)\//,
            },
          ],
        },
      },
    },
  },
});
