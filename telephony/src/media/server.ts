import { chmodSync, unlinkSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { MediaError, messageOf } from './contract.js';
import type { MediaEngine } from './engine.js';
import { LineReader } from './lines.js';
import type { MediaErrorCode, MediaEvent, MediaFrame } from './protocol.js';
import { readRequest } from './requests.js';

const lineCharsMax = 65_536;
/** A control that does not read for this long is broken: it gets a new connection and the truth by `hello`. */
const unreadBytesMax = 8 * 1024 * 1024;

/** The socket is served by another living media process. */
export class SocketTakenError extends Error {
  override readonly name = 'SocketTakenError';
}

export interface ControlServer {
  emit(event: MediaEvent): void;
  close(): Promise<void>;
}

/**
 * Serves the engine on a Unix socket, one JSON object a line. Only the user who runs us may connect (0600).
 *
 * @param onAlone called when the last control that had said hello is gone, and with false when one is back
 * @param onStranger a control of another version asks, and none of ours is there
 * @throws SocketTakenError when another process answers there; a dead one's file is replaced
 */
export async function serveControl(
  path: string,
  engine: () => MediaEngine,
  onAlone: (alone: boolean) => void,
  onStranger: () => void = () => {},
): Promise<ControlServer> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await clearStale(path);
  const sockets = new Set<Socket>();
  /** Those that have said hello: they alone are told events. */
  const controls = new Set<Socket>();

  const send = (socket: Socket, frame: MediaFrame): void => {
    if (socket.destroyed) return;
    socket.write(`${JSON.stringify(frame)}\n`);
    if (socket.writableLength > unreadBytesMax) socket.destroy();
  };
  const refuse = (socket: Socket, n: number, code: MediaErrorCode, detail: string): void =>
    send(socket, { kind: 'reply', n, ok: false, code, detail });

  const answer = async (socket: Socket, line: string): Promise<void> => {
    const read = readRequest(line);
    if ('problem' in read) return refuse(socket, read.n, 'bad-request', read.problem);
    try {
      const value = await engine().handle(read.request);
      if (read.request.type === 'hello' && !socket.destroyed) {
        controls.add(socket);
        onAlone(false);
      }
      send(socket, { kind: 'reply', n: read.n, ok: true, value });
    } catch (error) {
      const known = error instanceof MediaError && error.code !== 'unreachable';
      const detail = messageOf(error);
      refuse(socket, read.n, known ? error.code : 'failed', detail);
      if (known && error.code === 'version' && controls.size === 0) onStranger();
    }
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    const reader = new LineReader(lineCharsMax);
    socket.on('data', (chunk) => {
      for (const line of reader.read(chunk)) {
        if (line === null) refuse(socket, 0, 'bad-request', `a line may have ${lineCharsMax} characters`);
        else void answer(socket, line);
      }
    });
    // What went wrong with a control's socket shows in its close.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      if (controls.delete(socket) && controls.size === 0) onAlone(true);
    });
  });
  await listen(server, path);

  return {
    emit(event) {
      for (const socket of controls) send(socket, { kind: 'event', ...event });
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Ended, not destroyed: the last events (finished recordings) must still get out.
      for (const socket of sockets) socket.end(() => socket.destroy());
      const impatient = setTimeout(() => sockets.forEach((socket) => socket.destroy()), 300);
      await closed;
      clearTimeout(impatient);
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The mask keeps the file ours from its first moment; chmod alone would leave a gap.
    const mask = process.umask(0o177);
    server.listen(path, () => {
      server.off('error', reject);
      chmodSync(path, 0o600);
      resolve();
    });
    process.umask(mask);
  });
}

/** Takes away the file that a killed process left behind. */
async function clearStale(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) throw new Error(`${path} exists and is no socket`);
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (alive) throw new SocketTakenError(`another media process answers at ${path}`);
  unlinkSync(path);
}
