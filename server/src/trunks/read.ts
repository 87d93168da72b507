/** The trunks of an installation: `trunks.json` in the data folder, or the demo's own when there is none. */
import path from 'node:path';
import type { TrunkId } from '@denwaban/core';
import {
  loopbackAddresses,
  trunkFinder,
  type Trunk,
  type TrunkAccount,
  type TrunkOutbound,
  type TrunkRegister,
} from '@denwaban/telephony';
import { houseCountry } from '../directory/normalise.js';
import type { RenewablePair } from '../renewed-pairs.js';
import { StartError } from '../store/start-error.js';
import { nationalFormat } from './number-format.js';
import { read, warnOfReaders, type House } from './files.js';
import { trunkFile, type TrunkEntry } from './schema.js';
import { demandOf, tlsOf } from './tls.js';

const demoTrunk: Trunk = {
  id: 'tk_demo' as TrunkId,
  name: 'Demo: any telephone on this machine',
  inbound: { addresses: loopbackAddresses },
};

export interface ReadTrunks {
  trunks: Trunk[];
  /** One line each, for the log. Never a secret. */
  warnings: string[];
  /** The certificates that trunks show, to be looked at for newer ones. */
  pairs: RenewablePair[];
}

/** @throws StartError `bad-trunks` when the file is there and cannot be used */
export async function readTrunks(dataDir: string, demo: boolean): Promise<ReadTrunks> {
  const file = path.join(dataDir, 'trunks.json');
  const warnings: string[] = [];
  const pairs: RenewablePair[] = [];
  const text = await read(file, null);
  if (text === null) return { trunks: demo ? [demoTrunk] : [], warnings, pairs };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new StartError('bad-trunks', `${file} is no JSON${placeOf(error, text)}. Correct it or remove it.`, {
      cause: secretFree(error),
    });
  }
  const parsed = trunkFile.safeParse(json);
  if (!parsed.success) {
    const all = parsed.error.issues.map((issue) => `${whereIn(json, issue.path)}: ${issue.message}`);
    const more = all.length > 5 ? `; and ${all.length - 5} more` : '';
    throw new StartError('bad-trunks', `${file}: ${all.slice(0, 5).join('; ')}${more}. Correct it.`);
  }
  const twice = parsed.data.find((one, at) => parsed.data.findIndex(({ id }) => id === one.id) !== at);
  if (twice !== undefined) throw new StartError('bad-trunks', `${file}: ${twice.id} is there twice. Rename one.`);
  const guests = parsed.data.flatMap(({ id, inbound }) =>
    inbound.digest === undefined ? [] : [{ id, ...inbound.digest }],
  );
  const odd = guests.find(({ username, realm }, at) =>
    guests.slice(0, at).some((one) => one.username === username || (one.realm ?? realm) !== (realm ?? one.realm)),
  );
  if (odd !== undefined) {
    const rule = 'every trunk with a password of its own needs another username, and all of them the same realm';
    throw new StartError('bad-trunks', `${file}: ${odd.id}.inbound.digest: ${rule}. Correct it.`);
  }
  if (parsed.data.some(holdsSecret)) await warnOfReaders(file, warnings);
  const house = { dataDir, warnings, pairs };
  const trunks = await Promise.all(parsed.data.map((entry) => trunkOf(entry, house)));
  for (const trunk of trunks) warnOfWeakness(trunk, warnings);
  try {
    trunkFinder(trunks);
  } catch (error) {
    throw new StartError('bad-trunks', `${file}: ${error instanceof Error ? error.message : ''}. Correct it.`);
  }
  return { trunks: [...trunks, ...(demo ? [demoTrunk] : [])], warnings, pairs };
}

async function trunkOf(entry: TrunkEntry, house: House): Promise<Trunk> {
  const { id, name, inbound, priority, health, srtp, transfers, contactHost, keepAlive } = entry;
  const { username, realm = null, algorithms } = inbound.digest ?? {};
  return {
    id: id as TrunkId,
    name,
    inbound: {
      addresses: inbound.addresses,
      ...(inbound.digest === undefined || username === undefined
        ? {}
        : {
            digest: {
              ...{ username, password: await passwordOf(id, inbound.digest, house), realm },
              ...(algorithms === undefined ? {} : { algorithms }),
            },
          }),
      ...(inbound.tls === undefined ? {} : { tls: await demandOf(id, inbound.tls, house) }),
    },
    ...(priority === undefined ? {} : { priority }),
    ...(entry.outbound === undefined ? {} : { outbound: await outboundOf(id, entry.outbound, house) }),
    ...(entry.register === undefined ? {} : { register: await registerOf(id, entry.register, house) }),
    ...(health === undefined ? {} : { health }),
    ...(entry.tls === undefined ? {} : { tls: await tlsOf(id, entry.tls, house) }),
    ...(srtp === undefined ? {} : { srtp }),
    ...(transfers === undefined ? {} : { transfers }),
    ...(contactHost === undefined ? {} : { contactHost }),
    ...(keepAlive === undefined ? {} : { keepAliveS: keepAlive === false ? null : keepAlive }),
  };
}

async function outboundOf(
  id: string,
  entry: NonNullable<TrunkEntry['outbound']>,
  house: House,
): Promise<TrunkOutbound> {
  const { host, port = null, transport = null, username, realm = null, callerId = null } = entry;
  const account: TrunkAccount | null =
    username === undefined ? null : { username, password: await passwordOf(id, entry, house), realm };
  const numberFormat =
    entry.numberFormat === 'national' ? nationalFormat(entry.country ?? houseCountry) : entry.numberFormat;
  return {
    server: { host, port, transport },
    account,
    callerId,
    callerIdHeader: entry.callerIdHeader,
    ...(numberFormat === null || numberFormat === 'e164' ? {} : { numberFormat }),
    headers: Object.entries(entry.headers).map(([name, value]) => ({ name: name.toLowerCase(), value })),
    codecs: entry.codecs,
  };
}

async function registerOf(
  id: string,
  entry: NonNullable<TrunkEntry['register']>,
  house: House,
): Promise<TrunkRegister> {
  const { server, port = null, transport = null, username, authUsername, expiresS } = entry;
  const hosts = typeof server === 'string' ? [server] : server;
  return {
    servers: hosts.map((host) => ({ host, port, transport })),
    account: { username: authUsername ?? username, password: await passwordOf(id, entry, house), realm: null },
    user: username,
    domain: entry.domain ?? hosts[0] ?? '',
    expiresS,
  };
}

/** The one line of the file, or the password as it stands. */
async function passwordOf(
  id: string,
  entry: { password?: string | undefined; passwordFile?: string | undefined },
  house: House,
): Promise<string> {
  if (entry.password !== undefined) return entry.password;
  const file = path.resolve(house.dataDir, entry.passwordFile ?? '');
  const text = ((await read(file, `${id}: passwordFile`)) ?? '').replace(/\r?\n$/, '');
  if (text === '' || text.length > 256 || /[\r\n\0]/.test(text)) {
    throw new StartError(
      'bad-trunks',
      `${id}: passwordFile: ${file} must hold the password in one line, and nothing else.`,
    );
  }
  await warnOfReaders(file, house.warnings);
  return text;
}

function warnOfWeakness(trunk: Trunk, warnings: string[]): void {
  const warn = (line: string) => void warnings.push(`${trunk.id}: ${line}`);
  if (trunk.tls?.verify === false) warn('tls.verify is off: whoever stands between can listen and pretend');
  const reached = [trunk.outbound?.server, ...(trunk.register?.servers ?? [])].filter((one) => one !== undefined);
  if (trunk.srtp === 'required' && reached.some(({ transport }) => transport !== 'tls')) {
    warn('srtp is required and the signalling is not TLS everywhere: the keys of the audio travel in the clear');
  }
}

const holdsSecret = (entry: TrunkEntry): boolean =>
  [entry.inbound.digest, entry.outbound, entry.register].some((one) => one?.password !== undefined);

/** `tk_carrier.outbound.port`: people know their trunk by its id, not by its place. */
function whereIn(json: unknown, at: readonly PropertyKey[]): string {
  const [index, ...rest] = at;
  const entry: unknown = Array.isArray(json) && typeof index === 'number' ? json[index] : undefined;
  const id = typeof entry === 'object' && entry !== null && 'id' in entry ? entry.id : undefined;
  const name = typeof id === 'string' ? id.slice(0, 40) : `entry ${String(index ?? '')}`;
  return [name, ...rest.map(String)].join('.');
}

/** Node's own words quote what stands there, which may be a password: only the place is told. */
function placeOf(error: unknown, text: string): string {
  const position = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
  if (position === undefined) return '';
  const before = text.slice(0, Number(position)).split('\n');
  return ` (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}
const secretFree = (error: unknown) => new Error(error instanceof SyntaxError ? 'syntax' : 'unreadable');
