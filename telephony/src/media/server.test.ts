import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectMedia } from './client.js';
import type { MediaClient } from './contract.js';
import { MediaEngine } from './engine.js';
import type { MediaEvent } from './protocol.js';
import { serveControl, SocketTakenError, type ControlServer } from './server.js';
import { createSounds } from './sounds.js';

let folder: string;
let path: string;
let clients: MediaClient[];
let servers: { close(): unknown }[];
let alone: boolean[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'denwaban-server-'));
  path = join(folder, 'media.sock');
  [clients, servers, alone] = [[], [], []];
});
afterEach(async () => {
  for (const client of clients) client.close();
  for (const server of servers) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function serve(): Promise<{ server: ControlServer; engine: MediaEngine }> {
  const told = alone;
  const engine: MediaEngine = new MediaEngine({
    bindAddress: '127.0.0.1',
    publicAddress: '127.0.0.1',
    rtpPortMin: 25_050,
    rtpPortMax: 25_056,
    sounds: createSounds(null),
    webrtc: { open: () => Promise.reject(new Error('no browsers here')) },
    emit: (event) => server.emit(event),
  });
  const server = await serveControl(
    path,
    () => engine,
    (state) => told.push(state),
  );
  servers.push(server, { close: () => engine.shutDown() });
  return { server, engine };
}

function control(): MediaClient {
  const client = connectMedia(path, () => undefined);
  clients.push(client);
  return client;
}
const ready = (client: MediaClient) =>
  new Promise<readonly { leg: string }[]>((resolve) => void client.onReady(resolve));
const lost = (client: MediaClient) => new Promise<void>((resolve) => void client.onLost(() => resolve()));

/** Says something by hand and hears the next answer. */
async function rawly(...lines: string[]): Promise<unknown[]> {
  const socket: Socket = connect(path);
  let text = '';
  socket.on('data', (data) => (text += data.toString()));
  socket.write(lines.map((line) => `${line}\n`).join(''));
  while (text.split('\n').length <= lines.length) await new Promise((resolve) => socket.once('data', resolve));
  socket.destroy();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

test('control asks and is answered; a refusal carries its code', async () => {
  await serve();
  const client = control();
  expect(client.ready).toBe(false);
  await expect(client.request({ type: 'close', leg: 'a' })).rejects.toMatchObject({ code: 'unreachable' });
  expect(await ready(client)).toEqual([]);
  expect(await client.request({ type: 'open-rtp', leg: 'a', remote: null })).toMatchObject({ address: '127.0.0.1' });
  await expect(client.request({ type: 'open-rtp', leg: 'a', remote: null })).rejects.toMatchObject({
    code: 'leg-exists',
  });
  await expect(client.request({ type: 'close', leg: 'b' })).rejects.toMatchObject({ code: 'no-such-leg' });
  await expect(client.request({ type: 'open-webrtc', leg: 'b', offer: '', heartbeat: true })).rejects.toMatchObject({
    code: 'failed',
  });
});

test('only its owner may connect', async () => {
  await serve();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('what is no request is answered, and the connection goes on', async () => {
  await serve();
  const answers = await rawly(
    'this is no JSON',
    '{"n":4,"type":"fly"}',
    '{"n":5,"type":"hello","version":99}',
    `{"n":6,"type":"close","leg":"${'x'.repeat(70_000)}"}`,
    '{"n":7,"type":"hello","version":1}',
  );
  // What can be refused at once is; the answers of the engine come a moment later, each under its number.
  expect(answers.slice(0, 2)).toMatchObject([
    { n: 0, ok: false, code: 'bad-request' },
    { n: 4, ok: false, code: 'bad-request' },
  ]);
  expect(answers).toContainEqual(expect.objectContaining({ n: 5, ok: false, code: 'version' }));
  expect(answers).toContainEqual(expect.objectContaining({ n: 0, detail: 'a line may have 65536 characters' }));
  expect(answers.at(-1)).toMatchObject({ n: 7, ok: true });
});

test('a control of another version is refused; it has the process make room only when no other control is there', async () => {
  const { engine } = await serve();
  let strangers = 0;
  const other = join(folder, 'other.sock');
  servers.push(
    await serveControl(
      other,
      () => engine,
      () => undefined,
      () => (strangers += 1),
    ),
  );
  path = other;
  const ours = control();
  await ready(ours);
  const hello = '{"n":1,"type":"hello","version":99}';
  expect(await rawly(hello)).toMatchObject([{ ok: false, code: 'version' }]);
  expect(strangers).toBe(0);
  ours.close();
  await expect.poll(async () => (await rawly(hello), strangers)).toBeGreaterThan(0);
});

test('a process of another version is said to be one once, however often it is tried', async () => {
  let tries = 0;
  const old: Server = createServer((socket) => {
    socket.once('data', (data) => {
      tries += 1;
      const { n } = JSON.parse(data.toString()) as { n: number };
      const refusal = {
        kind: 'reply',
        n,
        ok: false,
        code: 'version',
        detail: 'this process speaks version 0, control 1',
      };
      socket.write(`${JSON.stringify(refusal)}\n`);
    });
  });
  await new Promise<void>((resolve) => old.listen(path, resolve));
  servers.push(old);
  const said: string[] = [];
  clients.push(connectMedia(path, (level, message) => said.push(`${level} ${message}`)));
  await expect.poll(() => tries, { timeout: 5_000 }).toBeGreaterThan(3);
  expect(said).toEqual(['error media process refused us; its calls end, and one of our version takes its place']);
});

test('a control that goes and comes back finds its legs; meanwhile the process knows that it is alone', async () => {
  await serve();
  const first = control();
  await ready(first);
  await first.request({ type: 'open-rtp', leg: 'a', remote: null });
  first.close();
  const second = control();
  expect((await ready(second)).map(({ leg }) => leg)).toEqual(['a']);
  await expect.poll(() => alone).toEqual([false, true, false]);
});

test('events reach every control that has said hello', async () => {
  const { server } = await serve();
  const [a, b] = [control(), control()];
  await Promise.all([ready(a), ready(b)]);
  const event: MediaEvent = { type: 'dtmf', leg: 'a', at: 1, digit: '5' };
  const heard = Promise.all([a, b].map((client) => new Promise((resolve) => void client.onEvent(resolve))));
  server.emit(event);
  expect(await heard).toEqual([event, event]);
});

test('a client outlives the process: it tells the loss, fails what was asked, and is ready again', async () => {
  const { server } = await serve();
  const client = control();
  await ready(client);
  const gone = lost(client);
  await server.close();
  await gone;
  expect(client.ready).toBe(false);
  await expect(client.request({ type: 'close', leg: 'a' })).rejects.toMatchObject({ code: 'unreachable' });
  const again = ready(client);
  await serve();
  await again;
  expect(client.ready).toBe(true);
});

test('a request that is never answered fails when the connection breaks', async () => {
  const sockets: Socket[] = [];
  const mute: Server = createServer((socket) => {
    sockets.push(socket);
    // Greets and then says nothing more.
    socket.once('data', () =>
      socket.write('{"kind":"reply","n":1,"ok":true,"value":{"version":1,"pid":1,"legs":[]}}\n'),
    );
  });
  await new Promise<void>((resolve) => mute.listen(path, resolve));
  servers.push(mute);
  const client = control();
  await ready(client);
  const asked = client.request({ type: 'close', leg: 'a' });
  sockets[0]!.destroy();
  await expect(asked).rejects.toMatchObject({ code: 'unreachable' });
});

test("a dead process's socket file is replaced, a living one's is not, and a file that is no socket stays", async () => {
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(path, resolve));
  // A server that closes takes its file along; one that is killed does not: put the file back as a socket nobody serves.
  const { renameSync } = await import('node:fs');
  renameSync(path, `${path}.kept`);
  await new Promise((resolve) => dead.close(resolve));
  renameSync(`${path}.kept`, path);
  expect(existsSync(path)).toBe(true);
  const { server } = await serve();
  await expect(serve()).rejects.toBeInstanceOf(SocketTakenError);
  await server.close();
  writeFileSync(path, 'a letter');
  await expect(serve()).rejects.toThrow('is no socket');
});
