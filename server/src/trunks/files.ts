/** Files that trunks.json names, beside it in the data folder. */
import { readFile, stat } from 'node:fs/promises';
import type { RenewablePair } from '../renewed-pairs.js';
import { StartError } from '../store/start-error.js';

export interface House {
  dataDir: string;
  /** One line each, for the log. Never a secret. */
  warnings: string[];
  /** Certificates that may be renewed while we run. */
  pairs: RenewablePair[];
}

/** @param wanted by what; null when the file may be missing, and then null is the answer */
export async function read(file: string, wanted: string | null): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (wanted === null && (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    const what = wanted === null ? file : `${wanted}: ${file}`;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const mend = missing ? 'is not there. Write it or correct the path.' : 'cannot be read. Mend its permissions.';
    throw new StartError('bad-trunks', `${what} ${mend}`, { cause: error });
  }
}

export async function warnOfReaders(file: string, warnings: string[], what = 'a password'): Promise<void> {
  const mode = (await stat(file).catch(() => null))?.mode ?? 0;
  const line = `${file} holds ${what} and can be read by others on this machine: chmod 600 it`;
  if ((mode & 0o077) !== 0 && process.platform !== 'win32' && !warnings.includes(line)) warnings.push(line);
}
