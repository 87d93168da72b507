/** Recordings over real HTTP: whole, in part, growing, gone, and their outline. */
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorBody, recordingPeaks, type RecordingPeaks, type Role } from '@denwaban/core/wire';
import { readWavShape } from './wav.js';
import { admin, anna, sato } from './testing/fakes.js';
import { openHouse, type House } from './testing/house.js';

/** A WAV as a recorder begins it: both lengths still 0. */
function wav(frames: number, sample: (frame: number) => [number, number], finished = true): Buffer {
  const bytes = Buffer.alloc(44 + frames * 4);
  bytes.write('RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0', 'latin1');
  bytes.writeUInt32LE(8000, 24);
  bytes.writeUInt32LE(32_000, 28);
  bytes.writeUInt16LE(4, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  if (finished) {
    bytes.writeUInt32LE(bytes.length - 8, 4);
    bytes.writeUInt32LE(bytes.length - 44, 40);
  }
  for (let i = 0; i < frames; i++) {
    const [left, right] = sample(i);
    bytes.writeInt16LE(left, 44 + i * 4);
    bytes.writeInt16LE(right, 46 + i * 4);
  }
  return bytes;
}

let house: House;
let folder: string;
let cookie: string;
const everyone: Role[] = ['agent', 'supervisor', 'admin'];
const sound = wav(30_000, (i) => [i % 1000, -(i % 500)]);
const url = (id: string, what = 'recording') => `/api/v1/conversations/${id}/${what}`;

async function put(id: string, bytes: Buffer, finished = true, roles = everyone): Promise<string> {
  const path = join(folder, `${id}.wav`);
  await writeFile(path, bytes);
  house.store.recordings.set(id, { path, finished, for: roles });
  return path;
}
const get = (id: string, headers: Record<string, string> = {}, what?: string, method = 'GET') =>
  house.fetch(url(id, what), { method, headers: { cookie, ...headers } });
const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

beforeAll(async () => {
  await mkdir('/tmp/http', { recursive: true });
  folder = await mkdtemp('/tmp/http/recordings-');
  house = await openHouse();
  cookie = await house.cookieOf(anna);
  await put('cv_whole', sound);
});
afterAll(async () => {
  await house.close();
  await rm(folder, { recursive: true });
});

test('whole: the bytes, their length, a strong tag, and nobody else’s cache', async () => {
  const response = await get('cv_whole');
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'audio/wav',
    'content-length': String(sound.length),
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=0, must-revalidate',
    etag: expect.stringMatching(/^"[^"]+"$/) as string,
  });
  expect(response.headers.has('content-disposition')).toBe(false);
  expect((await bytesOf(response)).equals(sound)).toBe(true);
});

describe('ranges', () => {
  const size = sound.length;
  test.each<[string, number, number, number]>([
    ['bytes=0-43', 206, 0, 43],
    ['bytes=0-', 206, 0, size - 1],
    [`bytes=${size - 1}-`, 206, size - 1, size - 1],
    ['bytes=-4', 206, size - 4, size - 1],
    [`bytes=-${size * 2}`, 206, 0, size - 1],
    ['bytes=65530-65545', 206, 65_530, 65_545], // across two pieces
    [`bytes=100-${size * 2}`, 206, 100, size - 1],
    ['bytes=0-1,3-4', 200, 0, size - 1],
    ['bytes=nonsense', 200, 0, size - 1],
  ])('%s', async (range, status, first, last) => {
    const response = await get('cv_whole', { range });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-range')).toBe(status === 206 ? `bytes ${first}-${last}/${size}` : null);
    expect((await bytesOf(response)).equals(sound.subarray(first, last + 1))).toBe(true);
  });

  test.each([`bytes=${size}-`, 'bytes=-0'])('%s lies outside', async (range) => {
    const response = await get('cv_whole', { range });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe(`bytes */${size}`);
    expect(errorBody.parse(await response.json()).code).toBe('range-not-satisfiable');
  });

  test('If-Range with the tag is a part, with another tag the whole; If-None-Match saves the trip', async () => {
    const etag = (await get('cv_whole', {}, undefined, 'HEAD')).headers.get('etag') ?? '';
    const status = async (headers: Record<string, string>) => (await get('cv_whole', headers)).status;
    expect(await status({ range: 'bytes=0-1', 'if-range': etag })).toBe(206);
    expect(await status({ range: 'bytes=0-1', 'if-range': '"other"' })).toBe(200);
    expect(await status({ 'if-none-match': etag })).toBe(304);
    expect(await status({ 'if-none-match': '"other"' })).toBe(200);
  });
});

test('HEAD: the same headers and not a byte; a range is not looked at', async () => {
  const response = await get('cv_whole', { range: 'bytes=0-1' }, undefined, 'HEAD');
  expect([response.status, response.headers.get('content-length')]).toEqual([200, String(sound.length)]);
  expect((await bytesOf(response)).length).toBe(0);
});

test('?download=1 saves it under the conversation’s id', async () => {
  const response = await get('cv_whole', {}, 'recording?download=1');
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="cv_whole.wav"');
  await bytesOf(response);
});

describe('while it grows', () => {
  test('what is there is served, with a header that says so, no tag, and no cache', async () => {
    const growing = wav(1_000, () => [1, 2], false);
    const path = await put('cv_grows', growing, false);
    const first = await get('cv_grows');
    expect([first.headers.get('etag'), first.headers.get('cache-control')]).toEqual([null, 'private, no-store']);
    const bytes = await bytesOf(first);
    expect(readWavShape(bytes)?.dataBytes).toBe(4_000);
    expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
    expect(bytes.subarray(44).equals(growing.subarray(44))).toBe(true);

    await appendFile(path, Buffer.alloc(400));
    const next = await get('cv_grows', { range: `bytes=${growing.length}-` });
    expect(next.headers.get('content-range')).toBe(`bytes 4044-4443/4444`);
    const part = await get('cv_grows', { range: 'bytes=38-45' }); // the length lies across a part's edge
    expect((await bytesOf(part)).readUInt32LE(2)).toBe(4_400);
    expect((await readFile(path)).readUInt32LE(40)).toBe(0); // the file itself is the recorder's
  });

  test('If-Range has nothing to hold on to, so the whole comes', async () => {
    await put(
      'cv_grows',
      wav(10, () => [0, 0], false),
      false,
    );
    expect((await get('cv_grows', { range: 'bytes=0-1', 'if-range': '"x"' })).status).toBe(200);
  });

  test('before the first byte', async () => {
    await put('cv_empty', Buffer.alloc(0), false);
    const response = await get('cv_empty');
    expect([response.status, (await bytesOf(response)).length]).toEqual([200, 0]);
    expect((await get('cv_empty', { range: 'bytes=0-' })).status).toBe(416);
  });
});

describe('none', () => {
  test.each([
    ['there was none', 'cv_none'],
    ['its file is gone', 'cv_gone'],
    ['it is not theirs to hear', 'cv_private'],
  ])('%s', async (_why, id) => {
    house.store.recordings.set('cv_gone', { path: join(folder, 'gone.wav'), finished: true, for: everyone });
    await put('cv_private', sound, true, ['supervisor', 'admin']);
    for (const what of ['recording', 'peaks']) {
      const response = await get(id, {}, what);
      expect(response.status).toBe(404);
      expect(errorBody.parse(await response.json()).code).toBe('no-recording');
    }
  });

  test('a supervisor hears what an agent may not', async () => {
    for (const person of [sato, admin]) {
      const response = await house.fetch(url('cv_private'), { headers: { cookie: await house.cookieOf(person) } });
      expect(response.status).toBe(200);
      await bytesOf(response);
    }
  });
});

test('no file stays open: not after reading, refusing, asking for the head, nor when the listener goes away', async () => {
  await put(
    'cv_long',
    wav(2_000_000, () => [1, 1]),
  );
  const open = async (): Promise<number> => {
    const links = await readdir('/proc/self/fd');
    const { readlink } = await import('node:fs/promises');
    const names = await Promise.all(links.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
    return names.filter((name) => name.startsWith(folder)).length;
  };
  for (let i = 0; i < 20; i++) {
    await bytesOf(await get('cv_whole'));
    await get('cv_whole', { range: 'bytes=999999999-' });
    await get('cv_whole', {}, undefined, 'HEAD');
    await get('cv_whole', {}, 'peaks');
    await new Promise<void>((resolve) => {
      const request = httpRequest(`${house.url}${url('cv_long')}`, { headers: { cookie } }, (response) => {
        response.once('data', () => response.destroy());
        response.once('close', resolve);
        response.on('error', () => undefined);
      });
      request.end();
    });
  }
  await expect.poll(open).toBe(0);
});

describe('the outline', () => {
  const peaks = async (id: string, points: number): Promise<RecordingPeaks> =>
    recordingPeaks.parse(await (await get(id, {}, `peaks?points=${points}`)).json());

  test('the loudest sample of each stretch, per channel', async () => {
    await put(
      'cv_peaks',
      wav(8_000, (i) => [i < 4_000 ? 16_384 : 0, i === 7_999 ? -32_768 : 0]),
    );
    expect(await peaks('cv_peaks', 4)).toEqual({
      durationMs: 1_000,
      channels: [
        [0.5, 0.5, 0, 0],
        [0, 0, 0, 1],
      ],
    });
  });

  test('equals the outline that one would draw by hand, across pieces', async () => {
    const samples: [number, number][] = Array.from({ length: 40_001 }, (_, i) => [
      (i * 7919) % 32_000,
      (i * 104_729) % 30_000,
    ]);
    await put(
      'cv_hand',
      wav(samples.length, (i) => samples[i]!),
    );
    const points = 37;
    const byHand = [0, 1].map((channel) => {
      const loudest = Array.from({ length: points }, () => 0);
      samples.forEach((sample, i) => {
        const at = Math.floor((i * points) / samples.length);
        loudest[at] = Math.max(loudest[at]!, Math.abs(sample[channel]!));
      });
      return loudest.map((value) => Math.round((value / 32_768) * 1000) / 1000);
    });
    expect((await peaks('cv_hand', points)).channels).toEqual(byHand);
  });

  test('fewer frames than points, none at all, and a file that is no WAV', async () => {
    await put(
      'cv_short',
      wav(2, () => [32_767, 0]),
    );
    expect((await peaks('cv_short', 100)).channels).toEqual([
      [1, 1],
      [0, 0],
    ]);
    await put(
      'cv_zero',
      wav(0, () => [0, 0]),
    );
    expect(await peaks('cv_zero', 100)).toEqual({ durationMs: 0, channels: [[], []] });
    await put('cv_noise', Buffer.from('this is no sound'));
    expect((await get('cv_noise', {}, 'peaks')).status).toBe(404);
  });

  test('an hour of talk is read in small pieces, with a turn for everybody else between them', async () => {
    await put(
      'cv_hour',
      wav(0, () => [0, 0], false),
      false,
    );
    const { path } = house.store.recordings.get('cv_hour')!;
    const minute = Buffer.alloc(60 * 32_000, 7);
    for (let i = 0; i < 60; i++) await appendFile(path, minute);
    let turns = 0;
    let watching = true;
    const watch = (): void => {
      turns += 1;
      if (watching) setImmediate(watch);
    };
    watch();
    expect((await peaks('cv_hour', 2_000)).durationMs).toBe(3_600_000);
    watching = false;
    // Turns and not milliseconds: on a busy machine a clock says more about the machine.
    expect(turns).toBeGreaterThan((3_600 * 32_000) / 65_536);
  });
});
