/** The user agent on real sockets: UDP and TCP on one port, TLS on another, the process's clock and chance. */
import { randomBytes } from 'node:crypto';
import type { AgentLimits } from '../sip/agent/limits.js';
import { UserAgent } from '../sip/agent/user-agent.js';
import type { SipEndpoint, SipEndpointHandlers, SipTransport } from '../sip/contract.js';
import type { Arrival, Chance, SipLog, Timers, TlsPeer } from '../sip/ports.js';
import type { TimerValues } from '../sip/transaction/timers.js';
import type { StreamLimits, StreamOptions, StreamTransport } from './stream.js';
import { createTcpTransport } from './tcp.js';
import { createTlsTransport, type TlsServer } from './tls.js';
import { createUdpTransport } from './udp.js';

export interface SipEndpointOptions {
  /** Address to bind, in figures. */
  host: string;
  port: number;
  /** What peers are told to reach us by (Via, Contact); differs from `host` behind NAT. */
  publicAddress: string;
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
  /** Whom to expect at an address over TLS when a request within a call goes there. */
  tlsPeerOf?: (address: string) => TlsPeer | null;
}

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
    closed: (id) => agent.connectionClosed(id),
  };
  const tcp = createTcpTransport({ ...streams, isKnown: isKnown('tcp') });
  const tls = createTlsTransport({
    ...{ ...streams, isKnown: isKnown('tls'), server: options.tls ?? null },
    peerOf: options.tlsPeerOf ?? (() => null),
  });
  const transports: Record<SipTransport, Pick<StreamTransport, 'start' | 'send' | 'close'>> = { udp, tcp, tls };
  /** What was to be sent before there was a socket: a process that takes up the calls of another has things to say at once. */
  let early: (() => void)[] | null = [];
  const agent = new UserAgent({
    publicAddress: options.publicAddress,
    port,
    ...(options.tls ? { tlsPort: options.tls.port } : {}),
    userAgent: options.userAgent,
    handlers,
    wire: {
      send(hop, bytes, failed) {
        const send = () => transports[hop.transport].send(hop, bytes, failed);
        if (early === null) return send();
        early.push(send);
        return null;
      },
    },
    timers: processTimers,
    now: options.now ?? (() => performance.now()),
    chance: options.chance ?? ((count) => randomBytes(count)),
    log,
    limits,
    ...(options.times === undefined ? {} : { times: options.times }),
  });

  return {
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
      agent.close();
      await Promise.all([udp, tcp, tls].map((transport) => transport.close()));
    },

    get counts() {
      return agent.counts;
    },
  };
}
