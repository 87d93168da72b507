/** Where things lie in a checkout, whatever folder the command was called from. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Stamps of what is installed and built. Inside node_modules, so that they go when what they vouch for goes. */
export const stampFolder = join(root, 'node_modules', '.denwaban');

/** @param {string} path relative to the checkout */
export function at(...path) {
  return join(root, ...path);
}

/** A file's text, or null when it cannot be read. */
export function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/**
 * @param {string} version such as `20.19.0`
 * @returns {boolean} whether Denwaban runs on it
 */
export function isNodeSupported(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}
