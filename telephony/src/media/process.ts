#!/usr/bin/env node
/**
 * The media process: `node dist/media/process.js '<MediaSettings as JSON>'`.
 *
 * One line of JSON on stderr for each thing worth knowing. Exit codes: 0 told to stop, 1 broken, 2 wrong settings or a port in
 * use, 3 another media process answers at the socket.
 */
import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ownDatagrams } from '../net/datagrams/index.js';
import { MediaEngine } from './engine.js';
import type { MediaEvent, MediaSettings } from './protocol.js';
import { serveControl, SocketTakenError, type ControlServer } from './server.js';
import { createSounds } from './sounds.js';
import { createWebRtc, MuxPortError } from '../webrtc/index.js';

const stopMsMax = 900;
const loadEveryMs = 250;
const retireCheckMs = 250;
/** Grain of the clock that tells how late our turns come. */
const delayGrainMs = 10;
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

let retireWhenIdle = (): void => undefined;
/** Ends as soon as nobody talks or waits here. Whoever started us starts another one. */
export const retire = (): void => retireWhenIdle();

async function main(): Promise<void> {
  const settings = readSettings(process.argv[2]);
  const { datagrams, because } = ownDatagrams();
  const { webrtc, because: library } = await createWebRtc(
    {
      bindAddress: settings.bindAddress,
      publicAddress: settings.publicAddress,
      port: settings.portMin,
      now: () => performance.now(),
    },
    { wanted: process.env['DENWABAN_WEBRTC'], datagrams },
  );
  let server: ControlServer | null = null;
  const engine = new MediaEngine({
    bindAddress: settings.bindAddress,
    publicAddress: settings.publicAddress,
    rtpPortMin: settings.portMin + 2,
    rtpPortMax: settings.portMax,
    sounds: createSounds(settings.soundsFolder),
    webrtc,
    emit: (event) => {
      if (event.type === 'log') say(event);
      server?.emit(event);
    },
  });

  let stopping = false;
  let orphan: NodeJS.Timeout | null = null;
  const parent = process.ppid;
  server = await serveControl(
    settings.socket,
    () => engine,
    (alone) => {
      if (orphan !== null) clearTimeout(orphan);
      orphan = null;
      if (alone) watchAlone();
    },
    () => {
      // It is the one in charge now and can do nothing with what is here: better a call that ends than one in silence.
      if (!stopping)
        log('warn', 'control speaks another version: ending the calls to make room', { legs: engine.legCount });
      void stop(0);
    },
  );
  const watchAlone = (): void => {
    orphan = setTimeout(orphaned, Math.max(settings.orphanMs, 100));
  };
  const orphaned = (): void => {
    if (engine.legCount > 0) log('warn', 'control did not come back', { legs: engine.legCount });
    engine.abandon();
    // Whoever started us is gone too: nobody is left who could start a control. Else one may come whenever it likes.
    if (process.ppid !== parent) void stop(0);
    else watchAlone();
  };
  watchAlone();

  let retiring: NodeJS.Timeout | null = null;
  const stop = async (code: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    const finished = engine.shutDown().then(() => server?.close());
    await Promise.race([finished, new Promise((resolve) => setTimeout(resolve, stopMsMax))]);
    // The native library keeps threads: without this the process would not end.
    process.exit(code);
  };
  const lateness = monitorEventLoopDelay({ resolution: delayGrainMs });
  lateness.enable();
  setInterval(() => {
    const lateMs = Math.max(0, lateness.percentile(99) / 1e6 - delayGrainMs, datagrams.behindMs);
    lateness.reset();
    const { legCount: legs, standing } = engine;
    server?.emit({
      type: 'load',
      at: Date.now(),
      legs,
      freePorts: standing.freePorts,
      lateMs: Math.round(lateMs * 10) / 10,
      retiring: retiring !== null,
    });
  }, loadEveryMs).unref();
  retireWhenIdle = () => {
    retiring ??= setInterval(() => {
      if (!engine.standing.dispensable) return;
      log('info', 'making room for a newer version', { legs: engine.legCount });
      void stop(0);
    }, retireCheckMs);
  };
  process.on('SIGTERM', () => void stop(0));
  // Ctrl-C in a terminal reaches us too, but under a supervisor it is the supervisor's affair, which ends us last.
  process.on('SIGINT', () => void (process.send === undefined && stop(0)));
  // A terminal that closes is the supervisor's affair, not ours.
  process.on('SIGHUP', () => undefined);
  process.on('uncaughtException', (error) => {
    log('error', 'a failure of ours', { detail: error.stack ?? error.message });
    void stop(1);
  });
  log('debug', 'datagram sockets', { kind: datagrams.kind, because });
  log('debug', 'browsers', { by: library === null ? 'own' : 'libdatachannel', because: library });
  log('info', 'media process ready', {
    pid: process.pid,
    icePort: settings.portMin,
    rtpPorts: `${settings.portMin + 2}-${settings.portMax}`,
  });
}

function readSettings(text: string | undefined): MediaSettings {
  const wrong = (what: string): never => {
    log('error', 'wrong settings', { detail: what });
    process.exit(2);
  };
  let value: Partial<MediaSettings>;
  try {
    value = JSON.parse(text ?? '') as Partial<MediaSettings>;
  } catch {
    return wrong('the first argument must be the settings as JSON');
  }
  const { socket, bindAddress, publicAddress, portMin, portMax, soundsFolder, orphanMs } = value ?? {};
  const isPort = (port: unknown): port is number =>
    Number.isInteger(port) && (port as number) > 0 && (port as number) < 65_536;
  if (typeof socket !== 'string' || !isAbsolute(socket)) return wrong('socket must be an absolute path');
  if (socket.length > 100) return wrong('the path of the socket is longer than a Unix socket can have (100)');
  if (typeof bindAddress !== 'string' || isIP(bindAddress) === 0) return wrong('bindAddress must be an IP address');
  if (typeof publicAddress !== 'string' || isIP(publicAddress) === 0)
    return wrong('publicAddress must be an IP address');
  if (!isPort(portMin) || !isPort(portMax) || portMax < portMin + 3)
    return wrong('portMin and portMax must span 4 ports');
  if (soundsFolder !== null && typeof soundsFolder !== 'string') return wrong('soundsFolder must be a path or null');
  if (typeof orphanMs !== 'number' || !(orphanMs >= 0)) return wrong('orphanMs must be milliseconds');
  return { socket, bindAddress, publicAddress, portMin, portMax, soundsFolder, orphanMs };
}

function say(event: Extract<MediaEvent, { type: 'log' }>): void {
  log(event.level, event.message, event.data ?? {});
}

function log(level: string, message: string, data: Record<string, unknown>): void {
  if (levels.indexOf(level) < levels.indexOf(process.env['DENWABAN_LOG_LEVEL'] ?? 'info')) return;
  process.stderr.write(`${JSON.stringify({ level, time: Date.now(), role: 'media', message, ...data })}\n`);
}

// The supervisor that reads our stderr may die before us.
process.stderr.on('error', () => undefined);
/** Resolves when it can be spoken to. */
export const ready: Promise<void> = main().catch((error: unknown) => {
  const detail = error instanceof Error ? error.message : String(error);
  log('error', 'the media process cannot start', { detail });
  process.exit(error instanceof SocketTakenError ? 3 : error instanceof MuxPortError ? 2 : 1);
});
