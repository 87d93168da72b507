/**
 * Where to send a request whose target is a name (RFC 3263): NAPTR says over what, SRV who and in what order, A and AAAA where.
 * Pure: it is given what DNS has answered so far and says what it still needs to know, or the places in the order to try them.
 */
import { isIP } from 'node:net';
import type { SipTransport } from './contract.js';
import { defaultPort } from './next-hop.js';

export interface Target {
  /** A name, or figures without brackets. */
  host: string;
  port: number | null;
  /** Null: what DNS says, else UDP. */
  transport: SipTransport | null;
}

export interface Place {
  transport: SipTransport;
  address: string;
  port: number;
}

export interface Naptr {
  order: number;
  preference: number;
  flags: string;
  service: string;
  replacement: string;
}

export interface Srv {
  priority: number;
  weight: number;
  port: number;
  name: string;
}

export interface Question {
  type: 'NAPTR' | 'SRV' | 'A' | 'AAAA';
  name: string;
}

/** What is known of one question; empty lists where DNS has nothing. */
export interface Answers {
  naptr(name: string): readonly Naptr[] | undefined;
  srv(name: string): readonly Srv[] | undefined;
  addresses(type: 'A' | 'AAAA', name: string): readonly string[] | undefined;
}

export interface Abilities {
  /** In the order in which we like them where DNS leaves it to us. */
  transports: readonly SipTransport[];
  /** In the order in which they are tried. */
  families: readonly (4 | 6)[];
}

export type Resolution = { done: false; ask: Question[] } | { done: true; places: Place[] };

/** A far end with more has made a mistake, or is none. */
const maxServers = 8;
const maxPlaces = 12;

const services: Readonly<Record<string, SipTransport>> = { 'sip+d2u': 'udp', 'sip+d2t': 'tcp', 'sips+d2t': 'tls' };
const srvName = (transport: SipTransport, host: string): string =>
  ({ udp: '_sip._udp.', tcp: '_sip._tcp.', tls: '_sips._tcp.' })[transport] + host;

/**
 * @param random evenly from 0 up to and without 1; chooses among servers of one priority by weight (RFC 2782)
 */
export function resolve(target: Target, answers: Answers, able: Abilities, random: () => number): Resolution {
  const host = plainName(target.host);
  const { port } = target;
  const family = isIP(host);
  if (family !== 0 || port !== null) {
    const transport = target.transport ?? 'udp';
    return placesOf([{ transport, name: host, port: port ?? defaultPort(transport) }], answers, able);
  }
  const asked = serversOf(host, target.transport, answers, able);
  if ('ask' in asked) return { done: false, ask: asked.ask };
  const servers: Server[] = [];
  for (const { transport, records } of asked.found) {
    for (const { name, port: at } of inOrder(records, random))
      servers.push({ transport, name: plainName(name), port: at });
  }
  if (servers.length > 0) return placesOf(servers.slice(0, maxServers), answers, able);
  // «Decidedly not available» (RFC 2782) is an answer too: the host's own address would be against it.
  if (asked.refused) return { done: true, places: [] };
  const transport = target.transport ?? 'udp';
  return placesOf([{ transport, name: host, port: defaultPort(transport) }], answers, able);
}

interface Server {
  transport: SipTransport;
  name: string;
  port: number;
}

type Found = { found: { transport: SipTransport; records: readonly Srv[] }[]; refused: boolean } | { ask: Question[] };

/** §4.1, §4.2: which SRV records count, the preferred transport first. */
function serversOf(host: string, wanted: SipTransport | null, answers: Answers, able: Abilities): Found {
  const names: { transport: SipTransport; name: string }[] = [];
  if (wanted !== null) names.push({ transport: wanted, name: srvName(wanted, host) });
  else {
    const pointers = answers.naptr(host);
    if (pointers === undefined) return { ask: [{ type: 'NAPTR', name: host }] };
    const ordered = [...pointers].sort((a, b) => a.order - b.order || a.preference - b.preference);
    for (const { flags, service, replacement } of ordered) {
      const transport = services[service.toLowerCase()];
      if (flags.toLowerCase() !== 's' || transport === undefined || !able.transports.includes(transport)) continue;
      names.push({ transport, name: plainName(replacement) });
    }
    if (names.length === 0) {
      for (const transport of able.transports) names.push({ transport, name: srvName(transport, host) });
    }
  }
  const known = names.map(({ transport, name }) => ({ transport, name, records: answers.srv(name) }));
  const ask = known.filter(({ records }) => records === undefined).map(({ name }) => ({ type: 'SRV' as const, name }));
  if (ask.length > 0) return { ask };
  const found = known.map(({ transport, records = [] }) => ({ transport, records }));
  const refused = found.some(({ records }) => records.some(({ name }) => plainName(name) === ''));
  return {
    found: found.map((one) => ({ ...one, records: one.records.filter(({ name }) => plainName(name) !== '') })),
    refused,
  };
}

/** RFC 2782: lower priority first; within one, each next by a draw in which weight counts, and 0 has a small chance. */
function inOrder(records: readonly Srv[], random: () => number): Srv[] {
  const ordered: Srv[] = [];
  const priorities = [...new Set(records.map(({ priority }) => priority))].sort((a, b) => a - b);
  for (const priority of priorities) {
    const left = records.filter((one) => one.priority === priority).sort((a, b) => a.weight - b.weight);
    while (left.length > 0) {
      const total = left.reduce((sum, { weight }) => sum + weight, 0);
      const drawn = random() * (total + 1);
      let sum = 0;
      let at = left.findIndex(({ weight }) => (sum += weight) >= drawn);
      if (at < 0) at = left.length - 1;
      ordered.push(...left.splice(at, 1));
    }
  }
  return ordered;
}

function placesOf(servers: readonly Server[], answers: Answers, { families }: Abilities): Resolution {
  const ask: Question[] = [];
  const places: Place[] = [];
  for (const { transport, name, port } of servers) {
    const add = (address: string) => {
      const known = places.some((one) => one.address === address && one.port === port && one.transport === transport);
      if (!known) places.push({ transport, address, port });
    };
    if (isIP(name) !== 0) add(name);
    else {
      for (const family of families) {
        const type = family === 4 ? 'A' : 'AAAA';
        const addresses = answers.addresses(type, name);
        if (addresses === undefined) ask.push({ type, name });
        else for (const address of addresses) add(address);
      }
    }
  }
  if (ask.length > 0) return { done: false, ask };
  return { done: true, places: places.slice(0, maxPlaces) };
}

/** Names are the same in any case, and with a dot at their end. */
const plainName = (name: string): string => name.toLowerCase().replace(/\.$/, '');
