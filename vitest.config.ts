import { defineConfig } from 'vitest/config';

/** Unit and property tests sit beside the code; what needs real peers lies in lab/src/conformance and has a run of its own. */
export default defineConfig({
  resolve: { conditions: ['denwaban-source'] },
  ssr: { resolve: { conditions: ['denwaban-source'] } },
  test: {
    include: ['{core,telephony,server,desk,lab}/src/**/*.test.{ts,tsx}', 'scripts/**/*.test.mjs'],
    exclude: ['**/node_modules/**', '**/dist/**', 'lab/src/conformance/**', 'lab/src/chaos/**'],
    testTimeout: 20_000,
    globalSetup: ['server/src/store/testing/global-setup.ts'],
  },
});
