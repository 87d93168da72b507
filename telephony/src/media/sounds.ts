import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toUlaw } from '../rtp/index.js';

/** Sounds lie beside src and dist alike. */
const builtIn = fileURLToPath(new URL('../../sounds/', import.meta.url));
const bytesMax = 32 * 1024 * 1024;

export const isSoundName = (name: string): boolean => /^[a-z0-9][a-z0-9-]{0,63}$/.test(name);

/** Announcements are said once; everything else goes round. */
export const isSaidOnce = (name: string): boolean => name.startsWith('announcement-');

export interface Sounds {
  /** µ-law at 8 kHz, or null when there is no such sound. Read once, then kept. */
  load(name: string): Promise<Uint8Array | null>;
}

/** @param folder the company's own sounds (`<name>.wav`, 8 kHz mono 16-bit PCM, or raw µ-law `<name>.ul`): they win over ours */
export function createSounds(folder: string | null): Sounds {
  const kept = new Map<string, Promise<Uint8Array | null>>();
  const read = async (name: string): Promise<Uint8Array | null> => {
    for (const place of folder === null ? [builtIn] : [folder, builtIn]) {
      const raw = join(place, `${name}.ul`);
      if (existsSync(raw)) return new Uint8Array(bounded(await readFile(raw)));
      const wav = join(place, `${name}.wav`);
      if (existsSync(wav)) return ulawOfWav(bounded(await readFile(wav)));
    }
    return null;
  };
  return {
    load(name) {
      if (!isSoundName(name)) return Promise.resolve(null);
      const known = kept.get(name);
      if (known !== undefined) return known;
      const loading = read(name).then((sound) => (sound === null || sound.length === 0 ? null : sound));
      kept.set(name, loading);
      // A file that was missing or unreadable may be put right while we run.
      loading.then(
        (sound) => sound ?? kept.delete(name),
        () => kept.delete(name),
      );
      return loading;
    },
  };
}

function bounded(file: Buffer): Buffer {
  if (file.length > bytesMax) throw new Error(`a sound may have ${bytesMax} bytes, this one has ${file.length}`);
  return file;
}

/** @throws when it is not 8 kHz mono 16-bit PCM: said in words, since a person put the file there */
function ulawOfWav(file: Buffer): Uint8Array {
  const wrong = (what: string): Error => new Error(`a sound must be 8 kHz mono 16-bit PCM in WAV, this one is ${what}`);
  if (file.length < 44 || file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') {
    throw wrong('no WAV file');
  }
  let at = 12;
  let formatSeen = false;
  while (at + 8 <= file.length) {
    const name = file.toString('latin1', at, at + 4);
    const size = file.readUInt32LE(at + 4);
    if (name === 'fmt ' && at + 24 <= file.length) {
      const [format, channels] = [file.readUInt16LE(at + 8), file.readUInt16LE(at + 10)];
      const [rate, bits] = [file.readUInt32LE(at + 12), file.readUInt16LE(at + 22)];
      if (format !== 1 || channels !== 1 || rate !== 8_000 || bits !== 16) {
        throw wrong(`format ${format}, ${channels} channels, ${rate} Hz, ${bits} bits`);
      }
      formatSeen = true;
    }
    if (name === 'data') {
      if (!formatSeen) throw wrong('without a format');
      const end = Math.min(file.length, at + 8 + size);
      const samples = (end - at - 8) >> 1;
      return Uint8Array.from({ length: samples }, (_, i) => toUlaw(file.readInt16LE(at + 8 + 2 * i)));
    }
    at += 8 + size + (size & 1);
  }
  throw wrong('without data');
}
