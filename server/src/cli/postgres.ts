/** Keeps the embedded PostgreSQL running for an installation without DATABASE_URL. */
import type { Settings } from '../services.js';
import { startPostgres, type EmbeddedPostgres } from '../store/postgres/embedded-postgres.js';
import type { Log } from '../store/log.js';

export interface Database {
  /** The one that runs, or will in a moment. Its address stays the same when it has to be started again. @throws {StartError} */
  current(): Promise<{ url: string }>;
  stop(): Promise<void>;
}

const backOffMs = [100, 500, 2000, 5000];

export function keepPostgres(
  settings: Settings,
  onProgress: (step: string) => void,
  say: (line: string) => void,
): Database {
  if (settings.databaseUrl !== null) {
    const given = { url: settings.databaseUrl };
    return { current: async () => given, stop: async () => {} };
  }
  const log: Log = {
    debug() {},
    info: (_data, message) => say(message),
    warn: (_data, message) => say(`PostgreSQL: ${message}`),
    error: (_data, message) => say(`PostgreSQL: ${message}`),
  };
  let stopping = false;
  let failures = 0;
  const launch = async (): Promise<EmbeddedPostgres> => {
    const running = await startPostgres({ dataDir: settings.dataDir, log, onProgress });
    running.onExit(() => {
      if (!stopping) now = again();
    });
    return running;
  };
  const again = async (): Promise<EmbeddedPostgres> => {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, backOffMs[Math.min(failures++, backOffMs.length - 1)]));
      if (stopping) throw new Error('stopping');
      try {
        const running = await launch();
        failures = 0;
        say('PostgreSQL runs again.');
        return running;
      } catch (error) {
        say(`PostgreSQL could not be started again: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  let now = launch();
  now.catch(() => {});
  return {
    current: () => now,
    async stop() {
      stopping = true;
      const running = await now.catch(() => null);
      await running?.stop();
    },
  };
}
