import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prepareDataFolder, prepareSocketFolder, sweepSocketFolders } from './data-folder.js';

let folder: string;
beforeEach(() => (folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'folder-')))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the data folder', () => {
  test('is made with its parents, for us alone, and left empty', async () => {
    const wanted = path.join(folder, 'a/b/data');
    expect(await prepareDataFolder(wanted)).toBe(wanted);
    expect(statSync(wanted).mode & 0o777).toBe(0o700);
    expect(readdirSync(wanted)).toEqual([]);
    expect(await prepareDataFolder(wanted)).toBe(wanted);
  });

  test('that is a file, or lies below one, or where none can be made, is refused in one line', async () => {
    writeFileSync(path.join(folder, 'file'), '');
    const impossible = [path.join(folder, 'file'), path.join(folder, 'file/below')];
    if (process.platform === 'linux') impossible.push('/proc/denwaban/data'); // where Node's own mkdir -p never returns
    for (const wanted of impossible) {
      await expect(prepareDataFolder(wanted)).rejects.toMatchObject({ code: 'data-not-writable' });
      await expect(prepareDataFolder(wanted)).rejects.toThrow(/DENWABAN_DATA_DIR/);
    }
  });
});

describe('the folder of sockets', () => {
  test('is short, ours alone, and the same for the same data folder', async () => {
    const deep = path.join(folder, 'deep/'.repeat(30));
    mkdirSync(deep, { recursive: true });
    const place = await prepareSocketFolder(deep);
    try {
      expect(Buffer.byteLength(path.join(place, 'media-1.sock'))).toBeLessThanOrEqual(103);
      expect(statSync(place).mode & 0o777).toBe(0o700);
      expect(await prepareSocketFolder(deep)).toBe(place);
      expect(await prepareSocketFolder(folder)).not.toBe(place);
    } finally {
      rmSync(place, { recursive: true, force: true });
      rmSync(await prepareSocketFolder(folder), { recursive: true, force: true });
    }
  });

  test('what killed installations left is swept away: not what answers, is new, or is not ours', async () => {
    const user = process.getuid?.() ?? 0;
    const make = (name: string, file: string | null, old = true): string => {
      const place = path.join(folder, name);
      mkdirSync(place);
      if (file !== null) writeFileSync(path.join(place, file), '');
      const at = new Date(Date.now() - 120_000);
      if (old) utimesSync(place, at, at);
      return place;
    };
    const alive = path.join(folder, `denwaban-${user}-00000000000a-media`);
    mkdirSync(alive);
    const server = createServer().listen(path.join(alive, 'media-1.sock'));
    await once(server, 'listening');
    const at = new Date(Date.now() - 120_000);
    utimesSync(alive, at, at);
    make(`denwaban-${user}-000000000001-media`, 'media-1.sock');
    make(`denwaban-${user}-000000000002`, '.s.PGSQL.5432');
    make(`denwaban-${user}-000000000003`, null);
    const left = [
      alive,
      make(`denwaban-${user}-000000000004-media`, 'media-1.sock', false),
      make(`denwaban-${user}-000000000005-media`, 'letter.txt'),
      make(`denwaban-${user + 1}-000000000006-media`, null),
      make('other', null),
    ];
    try {
      await sweepSocketFolders([folder]);
      expect(readdirSync(folder).sort()).toEqual(left.map((place) => path.basename(place)).sort());
    } finally {
      server.close();
    }
  });
});
