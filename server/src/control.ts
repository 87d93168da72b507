/**
 * The control process: SIP signalling, engine, HTTP and WebSocket. This file only wires them together.
 *
 * It ends at once when the supervisor dies, and ends the embedded database with it: the next start then finds nothing in its way.
 */
import path from 'node:path';
import { enterRole, failToStart } from './cli/role.js';
import { isPostmasterOf } from './store/postgres/processes.js';

export async function runControl(): Promise<void> {
  let database: { pid: number; cluster: string } | null = null;
  const role = await enterRole('control', () => {
    if (database) endPostgres(database.pid, database.cluster);
    process.exit(1);
  });
  const { settings, postgresPid } = role.start;
  if (postgresPid !== null) database = { pid: postgresPid, cluster: path.join(settings.dataDir, 'postgres') };
  try {
    process.once('SIGTERM', () => process.exit(0));
    role.tell({ type: 'ready', facts: { demo: null, people: 0 } });
  } catch (error) {
    await failToStart(error);
  }
}

/** PostgreSQL's fast shutdown: what is committed is kept. Only if the id is still that of this very cluster's. */
function endPostgres(pid: number, cluster: string): void {
  try {
    if (isPostmasterOf(pid, cluster)) process.kill(pid, 'SIGINT');
  } catch {
    // gone meanwhile
  }
}
