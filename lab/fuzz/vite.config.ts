import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Makes one plain program of the fuzzer and our sources, so that a long run is of what was there when it began. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  ssr: { resolve: { conditions: ['denwaban-source', 'node', 'import'] }, external: ['zod'] },
  build: { ssr: 'fuzz.ts', outDir: '../out/fuzz', emptyOutDir: true, target: 'node20', sourcemap: true, minify: false },
});
