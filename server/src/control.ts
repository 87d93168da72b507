/**
 * The control process: SIP signalling, engine, HTTP and WebSocket. This file only wires them together.
 *
 * It ends at once when the supervisor dies, and ends the embedded database with it: the next start then finds nothing in its way.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type E164, epochMs, mintId, type RecordingId } from '@denwaban/core';
import type { SystemView } from '@denwaban/core/wire';
import {
  connectMediaProcesses,
  createExchange,
  createSipEndpoint,
  measureRecording,
  patchAddressOf,
  pooledChance,
  recordingPath,
  repairRecording,
  type Trunk,
} from '@denwaban/telephony';
import { pino, type Logger } from 'pino';
import type { ControlFacts, RoleStart } from './cli/messages.js';
import { enterRole, failToStart } from './cli/role.js';
import { normalise } from './directory/normalise.js';
import { startEngine } from './engine/engine.js';
import { watchJournal } from './engine/journal-watch.js';
import { createHttp } from './http/app.js';
import { watchLateness } from './lateness.js';
import type { Settings } from './services.js';
import { keepPairs } from './renewed-pairs.js';
import { isNamed, pairOfListener, readSipTls } from './sip-tls.js';
import { openStore } from './store/index.js';
import { endPostgresOf } from './store/postgres/ownership.js';
import { readTrunks } from './trunks/read.js';

const version = '0.1.0';
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const now = () => epochMs(Date.now());
const random = pooledChance();

export async function runControl(): Promise<void> {
  const supervisor = process.ppid;
  // From the environment, not from the start's message: that comes only when the database runs, and it may be orphaned before.
  const dataDir = process.env['DENWABAN_DATA_DIR'];
  const role = await enterRole('control', () => {
    if (dataDir !== undefined) endPostgresOf(supervisor, dataDir);
    process.exit(1);
  });
  try {
    const { facts, stop } = await startControl(role.start, (step) => role.tell({ type: 'progress', step }));
    const end = role.awaitEnd();
    role.tell({ type: 'ready', facts });
    await end.then(stop).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  } catch (error) {
    await failToStart(error, role.start.settings);
  }
}

async function startControl(
  { settings, databaseUrl, mediaSockets }: Extract<RoleStart, { role: 'control' }>,
  onProgress: (step: string) => void,
): Promise<{ facts: ControlFacts; stop(what: 'house' | 'process'): Promise<void> }> {
  const log = pino({ name: 'denwaban', level: settings.logLevel });
  const startedAt = now();
  const recordingsDir = path.join(settings.dataDir, 'recordings');
  const { trunks, pairs, warnings } = await readTrunks(settings.dataDir, settings.demo);
  const tls = await readSipTls(settings, now());
  for (const { id } of tls.server === null ? trunks.filter(({ inbound }) => inbound.tls !== undefined) : []) {
    warnings.push(`${id}: inbound.tls: nobody can call in by TLS without DENWABAN_SIP_TLS_CERT and _KEY`);
  }
  for (const { id, contactHost } of trunks) {
    if (contactHost === undefined || tls.server === null || isNamed(tls.server.cert, contactHost)) continue;
    warnings.push(`${id}: contactHost: the certificate of DENWABAN_SIP_TLS_CERT is not of ${contactHost}`);
  }
  for (const warning of [...warnings, ...tls.warnings]) log.warn(`trunks: ${warning}`);
  if (trunks.length === 0) log.warn('there is no trunk: nobody can call in; write trunks.json into the data folder');
  const store = await openStore({ url: databaseUrl, dataDir: settings.dataDir, demo: settings.demo, log, onProgress });
  const media = connectMediaProcesses(mediaSockets, {
    patchAddress: patchAddressOf(settings.sipHost),
    log: (level, message, data) => log[level](data ?? {}, message),
  });
  const lateMs = watchLateness();
  const watched = watchJournal(store.journal, () => performance.now());
  const exchange = createExchange({
    sip: (handlers) =>
      createSipEndpoint({
        host: settings.sipHost,
        port: settings.sipPort,
        tls: tls.server,
        publicAddress: settings.publicAddress,
        publicAddress6: settings.publicAddress6,
        userAgent: 'Denwaban',
        handlers,
        log,
      }),
    media,
    trunks,
    publicAddress6: settings.publicAddress6,
    own: { addresses: ownAddresses(settings), ports: settings.rtpPorts },
    recordingsDir,
    strain: () => ({ controlLateMs: lateMs(), journalBehindMs: watched.behindMs() }),
    now,
    mintLeg: () => mintId('lg', now(), random(10)),
    log,
  });
  // The engine listens before the first call can arrive.
  const engine = await startEngine({
    telephony: exchange,
    journal: watched.journal,
    directory: store.directory,
    people: store.people,
    numbers: await store.numbers(),
    callOut: {
      carrier: 'exchange',
      hasTrunk: trunks.some((trunk) => trunk.outbound !== undefined),
      prefixes: settings.callOutPrefixes,
      callerId: (id) => callerIdOf(trunks.find((trunk) => trunk.id === id)),
    },
    recoverRecording: (recording) => recoverRecording(recordingsDir, recording, log),
    random,
    log,
  });
  await exchange.start();
  if (settings.sipTls !== null && tls.server !== null) pairs.push(pairOfListener(settings.sipTls, tls.server));
  const leavePairs = keepPairs(pairs, (level, message) => log[level](message));

  const deskDir = path.join(root, 'desk', 'dist');
  const build = buildOf(deskDir);
  const system = async (): Promise<SystemView> => {
    const { trunks: trunkStates, legs: callers, lines, linesProven, recordings } = exchange.health();
    const database = (await store.healthy()) ? ('ok' as const) : ('unreachable' as const);
    const mediaState = media.ready ? ('ok' as const) : ('down' as const);
    const mediaProcesses = media.processes.map(({ name, ready }) => ({
      name,
      state: ready ? ('ok' as const) : ('down' as const),
    }));
    const status = database === 'ok' && media.complete ? ('ok' as const) : ('degraded' as const);
    return {
      status,
      version,
      build,
      startedAt,
      database,
      media: mediaState,
      mediaProcesses,
      overloaded: exchange.health().overloaded,
      sip: 'ok',
      trunks: trunkStates.map((one) => ({ ...one, name: trunks.find(({ id }) => id === one.id)?.name ?? one.id })),
      callers,
      lines,
      linesProven,
      recordings,
    };
  };
  const demo = settings.demo ? store.demo({ host: settings.sipHost, port: settings.sipPort }) : null;
  const http = await createHttp({
    store,
    floor: engine.floor,
    phones: demo === null ? null : exchange,
    demo,
    settings,
    version,
    build,
    deskDir: existsSync(path.join(deskDir, 'index.html')) ? deskDir : null,
    system,
    log,
  });
  await http.listen();
  return {
    facts: { demo, people: store.people.all().length },
    async stop(what) {
      // With the house every call ends. When only this process goes, the next one takes the calls up, and the sooner it is
      // there the less is noticed.
      leavePairs();
      await http.close(what === 'house' ? undefined : 250);
      if (what === 'house') await exchange.stop();
      else await exchange.leave();
      engine.stop();
      media.close();
      await store.close();
    },
  };
}

const ownAddresses = ({ sipHost, publicAddress, publicAddress6 }: Settings): string[] => [
  ...new Set([sipHost, publicAddress, ...(publicAddress6 === null ? [] : [publicAddress6])]),
];

/** The number that this trunk shows; null when it shows none, or one that is no telephone number. */
const callerIdOf = (trunk: Trunk | undefined): E164 | null => {
  const shown = trunk?.outbound?.callerId ?? null;
  return shown === null ? null : normalise(shown);
};

/** What is left on disk of a recording that nobody finished. */
async function recoverRecording(folder: string, recording: string, log: Logger) {
  const file = recordingPath(folder, recording as RecordingId, now());
  await repairRecording(file).catch((err: unknown) =>
    log.warn({ recording, err }, 'a recording could not be repaired'),
  );
  const found = await measureRecording(file);
  return found === null ? null : { path: file, ...found };
}

/** Changes with the desk's files: a desk of another build reloads. */
function buildOf(deskDir: string): string {
  try {
    const page = readFileSync(path.join(deskDir, 'index.html'));
    return createHash('sha256').update(version).update(page).digest('hex').slice(0, 12);
  } catch {
    return `${version}-no-desk`;
  }
}
