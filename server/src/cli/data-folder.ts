/** The folders that an installation needs before anything else runs: its data folder, and a short path for sockets. */
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, realpath, rm, rmdir, stat, statfs, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { StartError } from '../store/start-error.js';

/** The database's journal alone grows in files of 16 MB; with less than this a start would stop half way. */
const freeBytesMin = 64 * 1024 * 1024;
const sweepAgeMsMin = 60_000;

/** Makes the folder if need be and proves that it can be written. @returns its real path @throws {StartError} */
export async function prepareDataFolder(wanted: string): Promise<string> {
  try {
    await makeFolder(wanted);
    const folder = await realpath(wanted);
    const probe = path.join(folder, `.write-test.${process.pid}`);
    try {
      await writeFile(probe, 'x');
    } finally {
      await rm(probe, { force: true });
    }
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < freeBytesMin) throw diskFull(wanted, bavail * bsize);
    return folder;
  } catch (error) {
    if (error instanceof StartError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    if (code === 'ENOSPC' || code === 'EDQUOT') throw diskFull(wanted, 0);
    const why = code === 'ENOTDIR' || code === 'EEXIST' ? 'is not a folder' : `cannot be written (${code})`;
    throw new StartError(
      'data-not-writable',
      `The data folder ${wanted} ${why}. Give this user the right to write there, or set DENWABAN_DATA_DIR to another folder.`,
      { cause: error },
    );
  }
}

/** Like mkdir -p. Node's own goes round for ever where a folder cannot be made in one that exists (/proc, some mounts). */
async function makeFolder(wanted: string): Promise<void> {
  try {
    await mkdir(wanted, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(wanted)).isDirectory()) return;
    const parent = path.dirname(wanted);
    if (code !== 'ENOENT' || parent === wanted || (await isThere(parent))) throw error;
    await makeFolder(parent);
    await mkdir(wanted, { mode: 0o700 });
  }
}

const isThere = (place: string): Promise<boolean> =>
  stat(place).then(
    () => true,
    () => false,
  );

function diskFull(folder: string, freeBytes: number): StartError {
  const free = `${Math.floor(freeBytes / 1024 / 1024)} MB free`;
  return new StartError(
    'disk-full',
    `The disk is full: ${folder} has ${free}, a start needs ${freeBytesMin / 1024 / 1024} MB and the calls more. Free some, or set DENWABAN_DATA_DIR to another disk.`,
  );
}

const socketFile = /^(media-\d+\.sock|\.s\.PGSQL\.\d+(\.lock)?)$/;

/**
 * Takes away the socket folders that killed installations left, ours and the embedded database's: those in which nobody answers.
 * Only files that are made there are removed, and a folder that holds anything else stays: the names lie where everybody may write.
 *
 * @param parents where to look
 */
export async function sweepSocketFolders(
  parents = [process.env['XDG_RUNTIME_DIR'], os.tmpdir(), '/tmp'],
): Promise<void> {
  const ours = new RegExp(`^denwaban-${process.getuid?.() ?? 0}-[0-9a-f]{12}(-media)?$`);
  for (const parent of new Set(parents)) {
    for (const name of parent === undefined ? [] : await readdir(parent).catch(() => [])) {
      if (ours.test(name)) await sweep(path.join(parent ?? '', name)).catch(() => {}); // another start may be at it too
    }
  }
}

async function sweep(place: string): Promise<void> {
  const found = await lstat(place);
  // One that is just being made has no socket for a moment.
  if (!found.isDirectory() || Date.now() - found.mtimeMs < sweepAgeMsMin) return;
  const files = await readdir(place);
  if (!files.every((file) => socketFile.test(file))) return;
  const alive = await Promise.all(files.map((file) => answers(path.join(place, file))));
  if (alive.includes(true)) return;
  for (const file of files) await rm(path.join(place, file));
  await rmdir(place);
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/**
 * A folder for the Unix sockets between our processes, ours alone. Not in the data folder: the path of a socket must fit into
 * 103 bytes, and a data folder may lie anywhere.
 */
export async function prepareSocketFolder(dataFolder: string): Promise<string> {
  const user = process.getuid?.() ?? 0;
  const name = createHash('sha256').update(dataFolder).digest('hex').slice(0, 12);
  for (const parent of [process.env['XDG_RUNTIME_DIR'], os.tmpdir(), '/tmp']) {
    if (!parent || Buffer.byteLength(parent) > 60) continue;
    const place = path.join(parent, `denwaban-${user}-${name}-media`);
    try {
      await mkdir(place, { recursive: true, mode: 0o700 });
      const found = await lstat(place);
      if (!found.isDirectory() || found.uid !== user) continue; // somebody else sits on the name
      await chmod(place, 0o700);
      return place;
    } catch {
      continue;
    }
  }
  throw new StartError(
    'data-not-writable',
    `No folder for sockets can be made in ${os.tmpdir()}. Give this user the right to write there, or set TMPDIR to another (short) folder.`,
  );
}
