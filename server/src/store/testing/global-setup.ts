/** Names a folder in which the test files of one run share a prepared cluster, and takes it away when the run is over. */
import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export default function setUp(): () => void {
  const folder = path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), `denwaban-test-template-${process.pid}`);
  process.env['DENWABAN_TEST_TEMPLATE'] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
