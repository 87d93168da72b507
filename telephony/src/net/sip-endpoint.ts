/** The user agent on real sockets: UDP and TCP on one port, TLS on another, the process's clock and chance. */
import { isIPv4 } from 'node:net';
import type { AgentLimits } from '../sip/agent/limits.js';
import type { Ourselves } from '../sip/agent/ourselves.js';
import { UserAgent } from '../sip/agent/user-agent.js';
import type { SipEndpoint, SipEndpointHandlers, SipTransport } from '../sip/contract.js';
import type { Arrival, Chance, SipLog, Timers } from '../sip/ports.js';
import type { TimerValues } from '../sip/transaction/timers.js';
import { pooledChance } from './chance.js';
import { createNames, type DnsLimits, type Names } from './dns.js';
import type { StreamLimits, StreamOptions, StreamTransport } from './stream.js';
import { createTcpTransport } from './tcp.js';
import { createTlsTransport, type TlsServer } from './tls.js';
import { createUdpTransport } from './udp.js';
import { createUpkeep } from './upkeep.js';

export interface SipEndpointOptions {
  /** Address to bind, in figures. */
  host: string;
  port: number;
  /** What peers are told to reach us by (Via, Contact); differs from `host` behind NAT. */
  publicAddress: string;
  /** The same towards peers on IPv6, where it is another. */
  publicAddress6?: string | null;
  /** 'Denwaban', or null to say nothing of who we are. */
  userAgent: string | null;
  handlers: SipEndpointHandlers;
  log: SipLog;
  /** Milliseconds, never going back. */
  now?: () => number;
  chance?: Chance;
  times?: TimerValues;
  limits?: Partial<AgentLimits & StreamLimits>;
  /** The TLS listener; without it TLS connections are only made. */
  tls?: TlsServer | null;
  /** Default: the machine's DNS. */
  names?: Names;
}

/** What a socket bound there can reach. A dual-stack one prefers IPv4, which carriers care for more. */
const familiesOf = (host: string): (4 | 6)[] => (isIPv4(host) ? [4] : host === '::' ? [4, 6] : [6]);
/** Nobody here chose these names: an old answer is no better than where the far end was last heard. */
const foreignLimits: Partial<DnsLimits> = { tries: 1, staleMs: 0 };
const lineEnds = '\r\n\r\n';

const processTimers: Timers = {
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

export function createSipEndpoint(options: SipEndpointOptions): SipEndpoint {
  const { host, port, log, handlers } = options;
  const limits = options.limits ?? {};
  const receive = (bytes: Uint8Array, arrival: Arrival) => agent.receive(bytes, arrival);
  const isKnown = (transport: 'tcp' | 'tls') => (address: string, from: number) => {
    try {
      return handlers.trunkOf({ transport, address, port: from }) !== null;
    } catch (error) {
      log.error({ err: error }, 'sip: the trunk look-up failed');
      return false;
    }
  };
  const udp = createUdpTransport({ host, port, receive, log });
  const streams: Omit<StreamOptions, 'isKnown'> = {
    ...{ host, port, receive, log, limits },
    proven: handlers.guests ? (address) => agent.trusts(address) : null,
    closed(id) {
      agent.connectionClosed(id);
      upkeep.connectionClosed(id);
    },
  };
  const tcp = createTcpTransport({ ...streams, isKnown: isKnown('tcp') });
  const tls = createTlsTransport({
    ...{ ...streams, isKnown: isKnown('tls'), server: options.tls ?? null },
    peerOf: (address) => handlers.tlsPeerOf?.(address) ?? null,
    demandOf: (address) => handlers.tlsDemandOf?.(address) ?? null,
  });
  const transports: Record<SipTransport, Pick<StreamTransport, 'start' | 'send' | 'close'>> = { udp, tcp, tls };
  /** What was to be sent before there was a socket: a process that takes up the calls of another has things to say at once. */
  let early: (() => void)[] | null = [];
  const us: Ourselves = {
    publicAddress: options.publicAddress,
    ...(options.publicAddress6 ? { publicAddress6: options.publicAddress6 } : {}),
    port,
    ...(options.tls ? { tlsPort: options.tls.port } : {}),
  };
  const now = options.now ?? (() => performance.now());
  const lookUp = { transports: ['udp', 'tcp', 'tls'], families: familiesOf(host) } as const;
  const names = options.names ?? createNames(lookUp);
  // Kept apart: whoever names many hosts in calls may not push out where our carriers are.
  const foreign = options.names ?? createNames({ ...lookUp, limits: foreignLimits });
  const agent = new UserAgent({
    ...us,
    userAgent: options.userAgent,
    handlers,
    wire: {
      send(hop, message, failed) {
        if (early === null) return transports[hop.transport].send(hop, message, failed);
        early.push(() => transports[hop.transport].send(hop, message, failed));
        return null;
      },
    },
    timers: processTimers,
    now,
    chance: options.chance ?? pooledChance(),
    find: (target, found) => void foreign.find(target).then(({ places }) => found(places)),
    log,
    limits,
    ...(options.times === undefined ? {} : { times: options.times }),
  });

  const upkeep = createUpkeep({
    core: agent.core,
    us,
    names,
    now,
    ping(hop) {
      if (hop.transport === 'udp') udp.send(hop, lineEnds, () => {});
      else (hop.transport === 'tcp' ? tcp : tls).ping(hop);
    },
  });

  const { hopsOf, register, probe, ask, keepOpen } = upkeep;
  return {
    ...{ hopsOf, register, probe, ask, keepOpen },

    async start() {
      const begun: { close(): Promise<void> }[] = [];
      try {
        for (const transport of [udp, tcp, tls]) {
          await transport.start();
          begun.push(transport);
        }
      } catch (error) {
        await Promise.all(begun.map((transport) => transport.close()));
        throw error;
      }
      const waiting = early ?? [];
      early = null;
      for (const send of waiting) send();
    },

    adopt: (dialog, take) => agent.adopt(dialog, take),

    call: (request, listener) => agent.call(request, listener),

    endOrphan: (dialog, cause) => agent.endOrphan(dialog, cause),
    sendFarewell: (farewell) => agent.sendFarewell(farewell),

    async stop(graceMs, calls = 'hang-up') {
      if (calls === 'hang-up') agent.hangUpAll('shutting down');
      else agent.leaveAll();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        agent.whenSettled(() => {
          clearTimeout(timer);
          resolve();
        });
      });
      upkeep.close();
      foreign.close();
      agent.close();
      await Promise.all([udp, tcp, tls].map((transport) => transport.close()));
    },

    get counts() {
      return agent.counts;
    },
  };
}
