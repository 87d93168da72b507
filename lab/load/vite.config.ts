import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Makes one plain program of the benchmarks and our sources: no runner's wrapping around what is measured. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  ssr: {
    resolve: { conditions: ['denwaban-source', 'node', 'import'] },
    external: ['node-datachannel', 'pg', 'playwright-core', 'ws', 'zod'],
  },
  build: {
    ssr: 'bench.ts',
    outDir: '../out/bench',
    emptyOutDir: true,
    target: 'node20',
    sourcemap: true,
    minify: false,
  },
});
