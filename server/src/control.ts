/**
 * The control process: SIP signalling, engine, HTTP and WebSocket. This file only wires them together.
 *
 * It ends at once when the supervisor dies, and ends the embedded database with it: the next start then finds nothing in its way.
 */
import { enterRole, failToStart } from './cli/role.js';
import { endPostgresOf } from './store/postgres/ownership.js';

export async function runControl(): Promise<void> {
  const supervisor = process.ppid;
  let dataDir: string | null = null;
  const role = await enterRole('control', () => {
    if (dataDir !== null) endPostgresOf(supervisor, dataDir);
    process.exit(1);
  });
  const { settings } = role.start;
  dataDir = settings.dataDir;
  try {
    process.once('SIGTERM', () => process.exit(0));
    role.tell({ type: 'ready', facts: { demo: null, people: 0 } });
  } catch (error) {
    await failToStart(error);
  }
}
