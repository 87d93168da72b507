/**
 * Looks whether the ports of the settings are free before anything is started, and says who holds one that is not.
 * The roles bind them again a moment later; what they run into then is told in the same words.
 */
import { createSocket } from 'node:dgram';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, isIPv6 } from 'node:net';
import { StartError } from '../store/start-error.js';
import type { Settings } from '../services.js';
import type { SettingName } from '../setting-table.js';

export interface PortUse {
  protocol: 'tcp' | 'udp';
  host: string;
  port: number;
  /** What a person changes to mend it. */
  setting: SettingName;
  hostSetting: SettingName;
}

/** The part of the audio ports that each media process has: whole pairs, as equal as can be, in order. */
export function slicesOf(ports: Settings['rtpPorts'], count: number): Settings['rtpPorts'][] {
  const each = Math.floor((ports.max - ports.min + 1) / count / 2) * 2;
  return Array.from({ length: count }, (_, i) => {
    const min = ports.min + i * each;
    return { min, max: i === count - 1 ? ports.max : min + each - 1 };
  });
}

/** Every port that must be ours alone. Of the audio ports only the browsers' ones: the media process passes over busy others. */
export function portsOf(settings: Settings): PortUse[] {
  const { httpHost, httpPort, sipHost, sipPort, sipTls, rtpPorts, mediaProcesses } = settings;
  const sip = { host: sipHost, port: sipPort, setting: 'DENWABAN_SIP_PORT', hostSetting: 'DENWABAN_SIP_HOST' } as const;
  return [
    {
      protocol: 'tcp',
      host: httpHost,
      port: httpPort,
      setting: 'DENWABAN_HTTP_PORT',
      hostSetting: 'DENWABAN_HTTP_HOST',
    },
    { ...sip, protocol: 'udp' },
    { ...sip, protocol: 'tcp' },
    ...slicesOf(rtpPorts, mediaProcesses).map(
      ({ min }) => ({ ...sip, protocol: 'udp', port: min, setting: 'DENWABAN_RTP_PORTS' }) as const,
    ),
    ...(sipTls === null ? [] : [tlsUse(sipHost, sipTls.port)]),
  ];
}

const tlsUse = (host: string, port: number): PortUse => ({
  ...{ protocol: 'tcp', host, port, setting: 'DENWABAN_SIP_TLS_PORT', hostSetting: 'DENWABAN_SIP_HOST' },
});

/** @returns one error for each port that cannot be had, in the order of `uses` */
export async function findBusyPorts(uses: readonly PortUse[]): Promise<StartError[]> {
  const found = await Promise.all(uses.map((use) => tryBind(use).then((error) => error && portError(use, error))));
  return found.filter((error) => error !== null);
}

/** The line for a port that could not be bound. */
export function portError(use: PortUse, error: NodeJS.ErrnoException): StartError {
  const where = `${use.protocol.toUpperCase()} port ${use.port} on ${use.host}`;
  if (error.code === 'EADDRINUSE') {
    const holder = holderOf(use.protocol, use.port);
    const by = holder ? ` by ${holder}` : '';
    const example = use.setting === 'DENWABAN_RTP_PORTS' ? '21000-21999' : String(use.port + 1);
    return new StartError(
      'port-in-use',
      `${where} is in use${by}. Stop that program, or set ${use.setting} to another, such as ${example}.`,
    );
  }
  if (error.code === 'EACCES') {
    return new StartError(
      'port-in-use',
      `${where} may not be opened by this user (ports under 1024 need root). Set ${use.setting} to a higher one.`,
    );
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') {
    return new StartError(
      'address-not-here',
      `${use.host} is not an address of this machine. Set ${use.hostSetting} to one that \`ip address\` shows, or to 0.0.0.0 for all.`,
    );
  }
  return new StartError(
    'port-in-use',
    `${where} cannot be opened (${error.code ?? error.message}). Set ${use.setting} or ${use.hostSetting} to another.`,
  );
}

/** The line for what a socket said when a port that was free a moment ago could not be bound; null for any other error. */
export function portErrorIn(error: unknown, settings: Settings): StartError | null {
  const { syscall, port } = error as { syscall?: unknown; port?: unknown };
  if (syscall !== 'listen' && syscall !== 'bind') return null;
  const protocol = syscall === 'listen' ? 'tcp' : 'udp';
  const use = portsOf(settings).find((one) => one.protocol === protocol && one.port === port);
  return use ? portError(use, error as NodeJS.ErrnoException) : null;
}

function tryBind({ protocol, host, port }: PortUse): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    if (protocol === 'tcp') {
      const server = createServer();
      server.once('error', resolve);
      server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
    } else {
      const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
      socket.once('error', (error) => {
        socket.close();
        resolve(error);
      });
      socket.bind({ address: host, port, exclusive: true }, () => socket.close(() => resolve(null)));
    }
  });
}

/** `name (process 123)` of whoever holds the port, as far as /proc lets us see. */
export function holderOf(protocol: 'tcp' | 'udp', port: number): string | null {
  const inodes = new Set([...inodesOf(`/proc/net/${protocol}`, port), ...inodesOf(`/proc/net/${protocol}6`, port)]);
  if (inodes.size === 0) return null;
  for (const pid of list('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const fd of list(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode && inodes.has(inode)) return `${read(`/proc/${pid}/comm`).trim() || 'a program'} (process ${pid})`;
    }
  }
  return null;
}

/** Inodes of the sockets bound to `port`: of TCP the listening ones only (state 0A). */
function inodesOf(table: string, port: number): string[] {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return read(table)
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((cells) => cells[1]?.endsWith(end) && (!table.includes('tcp') || cells[3] === '0A'))
    .map((cells) => cells[9] ?? '');
}

const quietly = <T>(read: () => T, otherwise: T): T => {
  try {
    return read();
  } catch {
    return otherwise; // gone meanwhile, not ours to see, or no /proc
  }
};
const list = (folder: string): string[] => quietly(() => readdirSync(folder), []);
const linkOf = (path: string): string => quietly(() => readlinkSync(path), '');
const read = (path: string): string => quietly(() => readFileSync(path, 'utf8'), '');
