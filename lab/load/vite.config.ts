import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));

/** Makes plain programs of the benchmarks and our sources: no runner's wrapping around what is measured. */
export default defineConfig({
  root,
  ssr: {
    resolve: { conditions: ['denwaban-source', 'node', 'import'] },
    external: ['node-datachannel', 'pg', 'playwright-core', 'sip', 'ws', 'zod'],
  },
  build: {
    ssr: true,
    rollupOptions: {
      output: { chunkFileNames: '[name]-[hash].js' },
      input: Object.fromEntries(
        ['bench', 'programs/b2bua', 'programs/media', 'programs/echo-peers'].map((path) => [
          path.replace('programs/', ''),
          `${root}/${path}.ts`,
        ]),
      ),
    },
    outDir: '../out/bench',
    emptyOutDir: true,
    target: 'node20',
    sourcemap: true,
    minify: false,
  },
});
