import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * The proofs with peers that nobody here wrote, against the real process tree. One file at a time: they share ports, a
 * microphone clock and two cores, and their audio must not compete with each other's.
 */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: { conditions: ['denwaban-source'] },
  ssr: { resolve: { conditions: ['denwaban-source', 'node', 'import'] } },
  test: {
    include: ['lab/src/conformance/**/*.test.ts', 'lab/src/chaos/**/*.test.ts'],
    // Processes, not threads: node-datachannel may be loaded in one thread of a process only.
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 120_000,
    retry: 0,
  },
});
