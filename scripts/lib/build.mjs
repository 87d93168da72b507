/**
 * Builds what changed since it was last built. "Changed" is told by name, size and time of the sources alone, so that
 * an unchanged checkout costs a few milliseconds; the compilers are incremental themselves.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { at, readIfThere, root, stampFolder } from './checkout.mjs';
import { alone } from './lock.mjs';
import { step, Stop } from './progress.mjs';
import { runTool } from './run.mjs';

const shared = ['package-lock.json', 'tsconfig.base.json', 'tsconfig.json'];
const nodeRooms = ['core', 'telephony', 'server'];

/** The two builds: their sources, what they leave behind, and the tool. */
const builds = [
  {
    name: 'server',
    label: { en: 'Building the server', ja: 'サーバーをビルドしています' },
    sources: [
      ...shared,
      ...nodeRooms.flatMap((room) => [`${room}/src`, `${room}/package.json`, `${room}/tsconfig.build.json`]),
    ],
    results: nodeRooms.map((room) => `${room}/dist/index.js`),
    make: async () => {
      // A compiler's record without its results would make it believe that there is nothing to do.
      for (const room of nodeRooms) {
        if (!existsSync(at(room, 'dist', 'index.js'))) rmSync(at(room, 'dist'), { recursive: true, force: true });
      }
      return await runTool('typescript/bin/tsc', ['-b']);
    },
  },
  {
    name: 'desk',
    label: { en: 'Building the screens', ja: '画面をビルドしています' },
    sources: [...shared, 'core/src', 'desk'],
    results: ['desk/dist/index.html'],
    make: () => runTool('vite/bin/vite.js', ['build', 'desk', '--logLevel', 'warn']),
  },
];

/** One line a file: path, size and time. Folders `dist` and `node_modules` are results, not sources. */
export function listSources(paths, from = root) {
  const lines = [];
  const visit = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    if (!stat.isDirectory()) {
      lines.push(`${relative(from, path)} ${stat.size} ${stat.mtimeMs}`);
      return;
    }
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.name === 'dist' || entry.name === 'node_modules' || /\.test\.tsx?$/.test(entry.name)) continue;
      visit(join(path, entry.name));
    }
  };
  for (const path of paths) visit(join(from, path));
  return lines.sort((a, b) => (a < b ? -1 : 1));
}

/** Whether it lies there built from exactly these sources. */
function isFresh(one) {
  const stamp = readIfThere(join(stampFolder, `built-${one.name}`));
  return stamp === fingerprint(one) && one.results.every((path) => existsSync(at(path)));
}

function fingerprint(one) {
  return createHash('sha256').update(listSources(one.sources).join('\n')).digest('hex');
}

/** @param {string} [only] name of one build */
export async function build(only) {
  const stale = () =>
    builds.filter((one) => (!only || one.name === only) && existsSync(at(one.sources.at(-1))) && !isFresh(one));
  if (stale().length === 0) return;
  await alone(async () => {
    for (const one of stale()) {
      await step(one.label, async () => {
        const before = fingerprint(one); // taken first: an edit during the build makes it stale, not fresh
        const { code, output } = await one.make();
        if (code !== 0) {
          throw new Stop(
            {
              en: `The build of the ${one.name} failed (its messages are above): mend the sources, or check out a commit that builds.`,
              ja: `${one.name} のビルドに失敗しました（メッセージは上）。ソースを直すか、ビルドできるコミットに切り替えてください。`,
            },
            output,
          );
        }
        mkdirSync(stampFolder, { recursive: true });
        writeFileSync(join(stampFolder, `built-${one.name}`), before);
      });
    }
  });
}
