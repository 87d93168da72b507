/** Inputs on disk: `corpus/<target>/<what was wrong or new>-<hash>.<bin|json>`. They are added to and never taken away. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyTarget } from './target.js';

export interface Kept {
  file: string;
  bytes: Uint8Array;
  input: unknown;
}

export function readCorpus(folder: string, target: AnyTarget): Kept[] {
  const place = join(folder, target.name);
  if (!existsSync(place)) return [];
  return readdirSync(place)
    .filter((file) => file.endsWith(`.${target.extension}`))
    .toSorted()
    .map((file) => {
      const bytes = readFileSync(join(place, file));
      return { file, bytes, input: target.decode(bytes) };
    });
}

/** @returns where it lies now; null when that very input was there already, whatever its name */
export function keepInput(folder: string, target: AnyTarget, why: string, bytes: Uint8Array): string | null {
  const hash = hashOf(bytes);
  const place = join(folder, target.name);
  mkdirSync(place, { recursive: true });
  if (readdirSync(place).some((file) => file.includes(hash))) return null;
  const name = `${slug(why)}-${hash}.${target.extension}`;
  writeFileSync(join(place, name), bytes);
  return join(place, name);
}

/** What an input's name ends with, so that nothing mends its bytes unseen. */
export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 12);

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-|-$/g, '') || 'input';
