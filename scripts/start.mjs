/**
 * `npm start`: installs what is missing, builds what changed, and becomes the supervisor. Plain JavaScript without
 * dependencies, because it runs before there are any. A second start finds everything in place and reads a few stamps only.
 */
import { pathToFileURL } from 'node:url';
import { at, isNodeSupported } from './lib/checkout.mjs';
import { inLanguage } from './lib/progress.mjs';

if (!isNodeSupported(process.versions.node)) {
  const words = {
    en: `Denwaban needs Node.js 20.19 or newer; this is ${process.versions.node}. Install a newer one from https://nodejs.org and start again.`,
    ja: `電話番には Node.js 20.19 以降が必要です（現在は ${process.versions.node}）。https://nodejs.org から新しい版を入れて、もう一度起動してください。`,
  };
  process.stderr.write(`${inLanguage(words)}\n`);
  process.exit(1);
}

const { install } = await import('./lib/install.mjs');
const { build } = await import('./lib/build.mjs');
const { releaseSignals } = await import('./lib/run.mjs');

try {
  await install();
  await build();
} catch (error) {
  if (error.name !== 'Stop') throw error;
  if (error.detail) process.stderr.write(`${error.detail.trimEnd()}\n`);
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

releaseSignals();
// In this very process: one process less to wait for, and a signal arrives once instead of being passed on.
await import(pathToFileURL(at('server', 'dist', 'main.js')).href);
