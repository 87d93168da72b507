/**
 * Reads the settings from the environment. All that is wrong is told at once: each problem is one line that names the variable,
 * says what is wrong with it and how to mend it. Values that may be secret (DATABASE_URL) are never repeated in a problem.
 */
import { readFileSync } from 'node:fs';
import { isIP, isIPv4 } from 'node:net';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { readCallOutPrefixes } from './call-out-prefixes.js';
import { readPublicAddress } from './public-address.js';
import { settingTable, type SettingName } from './setting-table.js';
import type { Settings } from './services.js';
import { readTurn } from './turn-settings.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the kernel says about ports; read from /proc where there is one. */
export interface KernelPorts {
  /** Inclusive; null when unknown. */
  ephemeral: { min: number; max: number } | null;
  /** Taken out of the ephemeral ones by the administrator. */
  reserved: readonly { min: number; max: number }[];
}

export type SettingsResult =
  | { ok: true; settings: Settings; warnings: string[] }
  | { ok: false; problems: string[]; warnings: string[] };

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
/** Two for one call, and one for the browsers: less than this is no contact centre. */
const rtpPortsMin = 10;
const mediaProcessesMax = 16;

/**
 * @param env the environment, usually process.env
 * @param checkout folder that a relative DENWABAN_DATA_DIR counts from
 * @param cores of this machine
 * @param seenByPerson a terminal is looking on: only what needs them is logged unless they asked for more
 */
export function readSettings(
  env: Environment,
  checkout: string,
  kernel: KernelPorts = readKernelPorts(),
  seenByPerson = false,
  cores = availableParallelism(),
): SettingsResult {
  const problems: string[] = [];
  const warnings: string[] = [];
  const wrong = (name: SettingName, what: string): void => void problems.push(`${name}: ${what}`);
  /** The value as written; undefined when unset or blank, as an empty line of an .env file means nothing. */
  const written = (name: SettingName): string | undefined => env[name]?.trim() || undefined;
  const value = (name: SettingName): string => written(name) ?? settingTable[name].default;

  const port = (name: 'DENWABAN_HTTP_PORT' | 'DENWABAN_SIP_PORT' | 'DENWABAN_SIP_TLS_PORT'): number => {
    const number = readPort(value(name));
    if (number === null)
      wrong(
        name,
        `"${value(name)}" is not a port. Give a number from 1 to 65535, such as ${settingTable[name].default}.`,
      );
    return number ?? 0;
  };

  const httpHost = value('DENWABAN_HTTP_HOST');
  if (!isIP(httpHost) && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(httpHost)) {
    wrong(
      'DENWABAN_HTTP_HOST',
      `"${httpHost}" is neither an address nor a host name. Give one such as 127.0.0.1 or 0.0.0.0.`,
    );
  }
  const sipHost = value('DENWABAN_SIP_HOST') === 'localhost' ? '127.0.0.1' : value('DENWABAN_SIP_HOST');
  if (!isIP(sipHost)) {
    wrong(
      'DENWABAN_SIP_HOST',
      `"${sipHost}" is no IP address. Give one of this machine, such as 127.0.0.1 or 192.168.1.10.`,
    );
  }
  const reached = readPublicAddress(written('DENWABAN_PUBLIC_ADDRESS'), isIP(sipHost) === 0 ? '127.0.0.1' : sipHost);
  if ('problem' in reached) wrong('DENWABAN_PUBLIC_ADDRESS', reached.problem);
  const { publicAddress, publicAddress6 } =
    'problem' in reached ? { publicAddress: '', publicAddress6: null } : reached;

  const httpPort = port('DENWABAN_HTTP_PORT');
  const sipPort = port('DENWABAN_SIP_PORT');
  if (httpPort !== 0 && httpPort === sipPort) {
    wrong('DENWABAN_SIP_PORT', `${sipPort} is the HTTP port too. Give one of the two another port.`);
  }

  const [certFile, keyFile] = [written('DENWABAN_SIP_TLS_CERT'), written('DENWABAN_SIP_TLS_KEY')];
  const tlsPort = port('DENWABAN_SIP_TLS_PORT');
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const missing = certFile === undefined ? 'DENWABAN_SIP_TLS_CERT' : 'DENWABAN_SIP_TLS_KEY';
    wrong(missing, 'certificate and key belong together. Give both, or neither.');
  } else if (certFile !== undefined && (tlsPort === sipPort || tlsPort === httpPort)) {
    wrong(
      'DENWABAN_SIP_TLS_PORT',
      `${tlsPort} is the ${tlsPort === httpPort ? 'HTTP' : 'SIP'} port too. Give another.`,
    );
  }
  const sipTls =
    certFile === undefined || keyFile === undefined
      ? null
      : { port: tlsPort, certFile: resolve(checkout, certFile), keyFile: resolve(checkout, keyFile) };

  const rtpPorts = readRange(value('DENWABAN_RTP_PORTS'));
  if (!rtpPorts) {
    wrong(
      'DENWABAN_RTP_PORTS',
      `"${value('DENWABAN_RTP_PORTS')}" is not a range of ports. Give first and last, such as 20000-20999.`,
    );
  } else if (rtpPorts.max - rtpPorts.min + 1 < rtpPortsMin) {
    wrong(
      'DENWABAN_RTP_PORTS',
      `holds fewer than ${rtpPortsMin} ports, and a call takes two. Give a wider range, such as 20000-20999.`,
    );
  } else if (sipPort >= rtpPorts.min && sipPort <= rtpPorts.max) {
    wrong('DENWABAN_RTP_PORTS', `contains the SIP port ${sipPort}. Move one of the two.`);
  } else {
    const lent = overlap(rtpPorts, kernel);
    if (lent) {
      const line =
        `overlaps the ports ${lent.min}-${lent.max} that the kernel lends to other programs. Choose a range outside, ` +
        `or reserve it: sysctl net.ipv4.ip_local_reserved_ports=${rtpPorts.min}-${rtpPorts.max}`;
      // Nobody chose the default: a kernel with a wide range must not keep a newcomer from a first call.
      if (written('DENWABAN_RTP_PORTS')) wrong('DENWABAN_RTP_PORTS', line);
      else warnings.push(`DENWABAN_RTP_PORTS: ${line}`);
    }
  }

  const mediaProcesses = readMediaProcesses(written('DENWABAN_MEDIA_PROCESSES'), cores);
  if (mediaProcesses === null) {
    wrong(
      'DENWABAN_MEDIA_PROCESSES',
      `"${value('DENWABAN_MEDIA_PROCESSES')}" is no number from 1 to ${mediaProcessesMax}. Give one, or leave it out.`,
    );
  } else if (rtpPorts && mediaProcesses > 1 && rtpPorts.max - rtpPorts.min + 1 < rtpPortsMin * mediaProcesses) {
    wrong(
      'DENWABAN_MEDIA_PROCESSES',
      `${mediaProcesses} processes share DENWABAN_RTP_PORTS, and each needs ${rtpPortsMin} ports. Give fewer processes or a wider range.`,
    );
  }

  const databaseUrl = written('DATABASE_URL') ?? null;
  if (databaseUrl !== null && !isPostgresUrl(databaseUrl)) {
    wrong(
      'DATABASE_URL',
      'is not the address of a PostgreSQL. Write it as postgres://user:password@host:5432/database, with special characters percent-encoded.',
    );
  }

  // Empty is a value of its own here: nobody calls out. What is left out is the default.
  const callOut = readCallOutPrefixes(
    env['DENWABAN_CALL_OUT_PREFIXES'] ?? settingTable.DENWABAN_CALL_OUT_PREFIXES.default,
  );
  if ('problem' in callOut) wrong('DENWABAN_CALL_OUT_PREFIXES', callOut.problem);

  const turn = readTurn(written, wrong);

  const wantedLevel = written('DENWABAN_LOG_LEVEL') ?? (seenByPerson ? 'warn' : 'info');
  const logLevel = logLevels.find((level) => level === wantedLevel);
  if (!logLevel) {
    wrong('DENWABAN_LOG_LEVEL', `"${wantedLevel}" is no level. Give one of ${logLevels.join(', ')}.`);
  }

  const onLoopback = isLoopback(httpHost) && isLoopback(sipHost);
  const demo = written('DENWABAN_DEMO') === undefined ? onLoopback : readSwitch(value('DENWABAN_DEMO'));
  if (demo === null) wrong('DENWABAN_DEMO', `"${value('DENWABAN_DEMO')}" is neither on nor off. Give one of the two.`);
  if (demo && !onLoopback) {
    warnings.push(
      'DENWABAN_DEMO: is on, and other machines can reach this one. Everybody there can sign in with the published password.',
    );
  }

  const native = written('DENWABAN_NATIVE_SOCKETS');
  if (native !== undefined && readSwitch(native) === null) {
    wrong('DENWABAN_NATIVE_SOCKETS', `"${native}" is neither on nor off. Give one of the two.`);
  }

  const webrtc = written('DENWABAN_WEBRTC');
  if (webrtc !== undefined && !/^(own|libdatachannel)$/i.test(webrtc)) {
    wrong('DENWABAN_WEBRTC', `"${webrtc}" is neither own nor libdatachannel. Give one of the two.`);
  }

  for (const name of Object.keys(env)) {
    if (name.startsWith('DENWABAN_') && !(name in settingTable)) {
      warnings.push(`${name}: is not a setting and changes nothing.${nearest(name)}`);
    }
  }

  if (problems.length > 0 || !rtpPorts || mediaProcesses === null || !logLevel || demo === null)
    return { ok: false, problems, warnings };
  const dataDir = resolve(checkout, value('DENWABAN_DATA_DIR'));
  const settings = {
    dataDir,
    httpPort,
    httpHost,
    sipHost,
    sipPort,
    sipTls,
    rtpPorts,
    mediaProcesses,
    publicAddress,
    publicAddress6,
    databaseUrl,
    callOutPrefixes: 'problem' in callOut ? [] : callOut.prefixes,
    demo,
    turn,
    logLevel,
  };
  return { ok: true, settings, warnings };
}

/** Ranges of the running kernel; nothing known where there is no /proc. */
export function readKernelPorts(folder = '/proc/sys/net/ipv4'): KernelPorts {
  const read = (name: string): string => {
    try {
      return readFileSync(`${folder}/${name}`, 'utf8').trim();
    } catch {
      return '';
    }
  };
  return {
    ephemeral: readRange(read('ip_local_port_range').replace(/\s+/, '-')),
    reserved: read('ip_local_reserved_ports')
      .split(',')
      .map((part) => readRange(part.includes('-') ? part : `${part}-${part}`))
      .filter((range) => range !== null),
  };
}

function readPort(text: string): number | null {
  const number = Number(text);
  return /^\d{1,5}$/.test(text) && number >= 1 && number <= 65_535 ? number : null;
}

function readRange(text: string): { min: number; max: number } | null {
  const [first, last, more] = text.split('-').map((part) => readPort(part.trim()));
  if (more !== undefined || typeof first !== 'number' || typeof last !== 'number' || first > last) return null;
  return { min: first, max: last };
}

/** By cores: control and the database want some too. Null: it is no number that can be. */
function readMediaProcesses(text: string | undefined, cores: number): number | null {
  if (text === undefined) return Math.max(1, Math.min(8, Math.floor(cores / 2)));
  const number = Number(text);
  return /^\d{1,2}$/.test(text) && number >= 1 && number <= mediaProcessesMax ? number : null;
}

/** The lent range that `wanted` runs into, or null when it lies outside or is reserved as a whole. */
function overlap(wanted: { min: number; max: number }, kernel: KernelPorts): { min: number; max: number } | null {
  const lent = kernel.ephemeral;
  if (!lent || wanted.max < lent.min || wanted.min > lent.max) return null;
  const isReserved = kernel.reserved.some((range) => range.min <= wanted.min && range.max >= wanted.max);
  return isReserved ? null : lent;
}

function readSwitch(text: string): boolean | null {
  if (/^(1|on|true|yes)$/i.test(text)) return true;
  return /^(0|off|false|no)$/i.test(text) ? false : null;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function isPostgresUrl(text: string): boolean {
  try {
    return ['postgres:', 'postgresql:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}

/** A hint for a slip of the finger: the one setting whose name differs in little. */
function nearest(name: string): string {
  const letters = (text: string): string => [...text.replace(/[^A-Z]/g, '')].sort().join('');
  const near = Object.keys(settingTable).find((known) => {
    const [a, b] = [letters(known), letters(name)];
    return known.startsWith(name) || name.startsWith(known) || a === b;
  });
  return near ? ` Did you mean ${near}?` : '';
}
