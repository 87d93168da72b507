import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import manifest from './package.json' with { type: 'json' };

/** Assets are hashed and may be kept for ever; the page itself is never cached, so that a reload is the server's version. */
export default defineConfig({
  base: '/',
  plugins: [react(), tailwindcss()],
  // Built from the sources of core, so that a desk never carries an older contract than its own commit.
  resolve: { conditions: ['denwaban-source', 'module', 'browser', 'development|production'] },
  define: { 'import.meta.env.DESK_VERSION': JSON.stringify(manifest.version) },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0, // the policy allows no data: scripts, and a worker inlined as a blob would need one
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  worker: { format: 'es' },
  server: { host: '127.0.0.1', port: 5310 },
});
