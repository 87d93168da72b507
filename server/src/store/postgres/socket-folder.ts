/** Where the unix socket lies. Its whole path must fit into 103 bytes (macOS; Linux allows 107), and only we may reach it. */
import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { tmpdir } from 'node:os';
import { isReachableBy, type RunAs } from './native.js';

const longest = 103 - '/.s.PGSQL.5432'.length;

export async function prepareSocketFolder(dataDir: string, runAs: RunAs | null): Promise<string> {
  const beside = path.join(dataDir, 'run');
  if (Buffer.byteLength(beside) <= longest && (await isReachableBy(runAs, dataDir))) {
    if (await claim(beside, runAs)) return beside;
  }
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  for (const temporary of [tmpdir(), '/tmp']) {
    const place = path.join(temporary, `denwaban-${process.getuid?.() ?? 0}-${name}`);
    if (Buffer.byteLength(place) <= longest && (await isReachableBy(runAs, temporary)) && (await claim(place, runAs))) {
      return place;
    }
  }
  // Somebody else sits on the name. A random one serves as well.
  const place = await mkdtemp('/tmp/denwaban-');
  if (runAs) await chown(place, runAs.uid, runAs.gid);
  return place;
}

/** Takes the folder and clears what a killed PostgreSQL left in it. @returns false when it is another's */
async function claim(place: string, runAs: RunAs | null): Promise<boolean> {
  try {
    await mkdir(place, { recursive: true, mode: 0o700 });
    const found = await lstat(place);
    const mine = [process.getuid?.(), runAs?.uid];
    if (!found.isDirectory() || !mine.includes(found.uid)) return false;
    if (runAs) await chown(place, runAs.uid, runAs.gid);
    await chmod(place, 0o700);
    for (const entry of await readdir(place)) {
      if (entry.startsWith('.s.PGSQL.')) await rm(path.join(place, entry), { force: true });
    }
    return true;
  } catch {
    return false;
  }
}
