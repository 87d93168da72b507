/** `npm run restart`: installs and builds what changed, like `npm start`, and puts it into service without ending calls. */
import { spawnSync } from 'node:child_process';
import { at } from './lib/checkout.mjs';
import { build } from './lib/build.mjs';
import { install } from './lib/install.mjs';

try {
  await install();
  await build();
} catch (error) {
  if (error.name !== 'Stop') throw error;
  if (error.detail) process.stderr.write(`${error.detail.trimEnd()}\n`);
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
const { status } = spawnSync(process.execPath, [at('server', 'dist', 'main.js'), 'restart'], { stdio: 'inherit' });
process.exit(status ?? 1);
