/** Makes a plain program of writing-process.ts and our sources, for a test that kills it. */
import { fileURLToPath } from 'node:url';

export default {
  ssr: { resolve: { conditions: ['denwaban-source', 'node', 'import'] } },
  build: {
    ssr: fileURLToPath(new URL('writing-process.ts', import.meta.url)),
    target: 'node20',
    minify: false,
  },
};
