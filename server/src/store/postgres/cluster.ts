/** The data folder of the embedded PostgreSQL: made once, checked at each start, reachable by us and nobody else. */
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import type { Progress } from '../log.js';
import { StartError } from '../start-error.js';
import { diskFull, isReachableBy, type RunAs } from './native.js';

/** The major version of the programs that npm brings. */
const majorVersion = 18;

/** PostgreSQL refuses to run as root, so root starts it as `nobody`. Null: as ourselves. */
export async function postgresUser(): Promise<RunAs | null> {
  if (process.getuid?.() !== 0) return null;
  const entries = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const nobody = /^nobody:[^:]*:(\d+):(\d+):/m.exec(entries);
  return nobody ? { uid: Number(nobody[1]), gid: Number(nobody[2]) } : { uid: 65534, gid: 65534 };
}

interface Request {
  programs: string;
  cluster: string;
  runAs: RunAs | null;
  onProgress: Progress;
}

/** @returns true when the cluster was made just now @throws StartError */
export async function createCluster({ programs, cluster, runAs, onProgress }: Request): Promise<boolean> {
  const version = (await readFile(path.join(cluster, 'PG_VERSION'), 'utf8').catch(() => '')).trim();
  if (version !== '') {
    checkVersion(Number(version), cluster);
    await writeAccessRules(cluster, runAs);
    return false;
  }
  onProgress('Preparing the database (only the first time)');
  // Made beside and renamed, so that a first start cut short leaves nothing that looks like a cluster.
  const half = `${cluster}.new`;
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { mode: 0o700 });
  await chmod(half, 0o700);
  if (runAs) await chown(half, runAs.uid, runAs.gid);
  await initdb(programs, half, runAs);
  await writeAccessRules(half, runAs);
  await rename(half, cluster);
  return true;
}

/** When PostgreSQL's user cannot walk down to the cluster, it is told to take the folder it was started in. */
export async function dataArgument(cluster: string, runAs: RunAs | null): Promise<string[]> {
  if (await isReachableBy(runAs, path.dirname(cluster))) return ['-D', cluster];
  if (process.platform === 'linux') return ['-D', '/proc/self/cwd'];
  throw new StartError(
    'data-not-writable',
    `As root PostgreSQL runs as another user, who cannot reach ${cluster}. Set DENWABAN_DATA_DIR to a folder that everybody may pass through, or do not start as root.`,
  );
}

function checkVersion(found: number, cluster: string): void {
  if (found === majorVersion) return;
  if (found > majorVersion) {
    throw new StartError(
      'data-newer',
      `The data in ${cluster} was written by PostgreSQL ${found}; this Denwaban brings ${majorVersion}. Start the newer Denwaban again, or set DENWABAN_DATA_DIR to another folder.`,
    );
  }
  throw new StartError(
    'data-older',
    `The data in ${cluster} was written by PostgreSQL ${found}; this Denwaban brings ${majorVersion}. Move it over with pg_upgrade, or serve it with PostgreSQL ${found} through DATABASE_URL.`,
  );
}

async function initdb(programs: string, cluster: string, runAs: RunAs | null): Promise<void> {
  const common = [
    '--username=denwaban',
    '--encoding=UTF8',
    '--auth=reject',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ];
  const attempt = async (locale: string) =>
    run(
      path.join(programs, 'bin/initdb'),
      [...(await dataArgument(cluster, runAs)), ...common, `--locale=${locale}`],
      cluster,
      runAs,
    );
  // The built-in provider sorts the same on every machine for ever; the system's C.UTF-8 is missing on some (macOS).
  let outcome = await attempt('C.UTF-8');
  if (!outcome.ok && /invalid locale/.test(outcome.said)) outcome = await attempt('C');
  if (outcome.ok) return;
  await rm(cluster, { recursive: true, force: true });
  if (/No space left on device|Disk quota exceeded/.test(outcome.said)) throw diskFull(path.dirname(cluster));
  if (/could not look up effective user ID/.test(outcome.said)) {
    throw new StartError(
      'no-user-entry',
      `PostgreSQL needs an entry for user id ${runAs?.uid ?? process.getuid?.() ?? '?'} in /etc/passwd. Add one, or set DATABASE_URL.`,
    );
  }
  throw new StartError(
    'postgres-failed',
    `The database could not be prepared in ${cluster}: ${lastWords(outcome.said)}`,
  );
}

/**
 * Only our own user of the operating system may connect, through the socket (`peer`), so there is no password to keep. Written
 * at each start because that user may have changed.
 */
async function writeAccessRules(cluster: string, runAs: RunAs | null): Promise<void> {
  const rules: [string, string][] = [
    ['pg_hba.conf', 'local all denwaban peer map=denwaban\n'],
    ['pg_ident.conf', `denwaban "${userInfo().username.replaceAll('"', '""')}" denwaban\n`],
  ];
  for (const [name, text] of rules) {
    const file = path.join(cluster, name);
    if ((await readFile(file, 'utf8').catch(() => '')) === text) continue;
    await writeFile(file, text, { mode: 0o600 });
    if (runAs) await chown(file, runAs.uid, runAs.gid);
  }
}

function run(
  program: string,
  args: string[],
  cwd: string,
  runAs: RunAs | null,
): Promise<{ ok: boolean; said: string }> {
  return new Promise((resolve) => {
    const options = { cwd, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }, timeout: 300_000, ...runAs };
    execFile(program, args, options, (error, stdout, stderr) =>
      resolve({
        ok: !error,
        said: error ? `${stderr}\n${stdout}\n${error.code === 'ENOENT' ? error.message : ''}` : '',
      }),
    );
  });
}

const lastWords = (text: string) =>
  text
    .split('\n')
    .filter((line) => /error|fatal|could not|cannot|ENOENT/i.test(line))
    .slice(0, 3)
    .join(' | ') || text.trim().slice(-300);
