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
    // These run in real time with other people's programs, on machines that may be busy with something else for seconds. What
    // fails is tried once more, and the reporter says so (`retry x1`): a fault of ours fails twice, a stolen second does not.
    retry: 1,
  },
});
