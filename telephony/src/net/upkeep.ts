/** What keeps a trunk alive from our side: its names looked up, our address with its registrar, the question whether it is there. */
import type { AgentCore } from '../sip/agent/core.js';
import { asOurselves, type Ourselves } from '../sip/agent/ourselves.js';
import { sendOutside } from '../sip/agent/outside.js';
import { keepAsking } from '../sip/agent/prober.js';
import { keepRegistered, type Registrar } from '../sip/agent/registrar.js';
import { acceptHeader } from '../sip/agent/rules.js';
import type { FarServer, SipUpkeep } from '../sip/contract.js';
import { fromWire } from '../sip/message.js';
import { mintCallId, mintTag } from '../sip/mint.js';
import type { Hop } from '../sip/ports.js';
import { requestOutside } from '../sip/requests.js';
import type { Names } from './dns.js';

export interface UpkeepOptions {
  core: AgentCore;
  us: Ourselves;
  names: Names;
  now(): number;
  /** Two line ends: over UDP they hold a NAT's door open, over TCP and TLS they ask to be answered (RFC 5626 §3.5.1). */
  ping(hop: Hop): void;
}

export interface Upkeep extends SipUpkeep {
  connectionClosed(connection: number): void;
  close(): void;
}

/** A person waits for it. */
const askMs = 5_000;
/** How long the house waits at its end for a registrar to let go of it. */
const goneMs = 1_500;

export function createUpkeep({ core, us, names, now, ping }: UpkeepOptions): Upkeep {
  const registrars = new Set<Registrar>();
  const ends = new Set<() => void>();
  const ending = (end: () => void) => {
    ends.add(end);
    return () => {
      ends.delete(end);
      end();
    };
  };

  async function hopsOf({ tls, ...target }: FarServer): Promise<Hop[]> {
    const { places } = await names.find(target);
    const peer = { ca: null, verify: true, ...tls, name: target.host };
    return places.map((place) => ({ ...place, connection: null, ...(place.transport === 'tls' ? { tls: peer } : {}) }));
  }

  function keepOpen(hop: Hop, everyS: number): () => void {
    let cancel: () => void = () => {};
    // RFC 5626 §4.4.1: between 80 and 100 % of it, so that many do not beat in time.
    const later = () => {
      cancel = core.timers.after(everyS * (800 + core.upTo(200)), () => {
        ping(hop);
        later();
      });
    };
    later();
    return ending(() => cancel());
  }

  return {
    hopsOf,
    keepOpen,
    register({ servers, keepAliveS, contactHost = null, ...plan }, told) {
      let closeFlow: () => void = () => {};
      let kept = '';
      const registrar = keepRegistered(
        { ...core, now },
        us,
        {
          ...plan,
          contactHost,
          servers: servers.length,
          hopsOf(server, found) {
            const far = servers[server];
            void (far === undefined ? Promise.resolve([]) : hopsOf(far)).then(found);
          },
        },
        (news) => {
          const key = news.flow === null ? '' : `${news.flow.address} ${news.flow.port} ${news.flow.connection}`;
          if (key !== kept) {
            kept = key;
            closeFlow();
            closeFlow = news.flow === null || keepAliveS === null ? () => {} : keepOpen(news.flow, keepAliveS);
          }
          told(news);
        },
      );
      registrars.add(registrar);
      const forget = ending(() => {
        registrar.leave();
        closeFlow();
        registrars.delete(registrar);
      });
      return {
        leave: forget,
        stop: () =>
          new Promise<void>((resolve) => {
            const cancel = core.timers.after(goneMs, resolve);
            registrar.stop(() => {
              cancel();
              resolve();
            });
          }).then(forget),
      };
    },
    probe({ server, intervalS, contactHost = null }, told) {
      const host = server.host.includes(':') ? `[${server.host}]` : server.host;
      return ending(
        keepAsking(
          core,
          us,
          {
            hopsOf: (found) => void hopsOf(server).then(found),
            uri: `sip:${host}${server.port === null ? '' : `:${server.port}`}`,
            intervalMs: intervalS * 1_000,
            contactHost,
          },
          told,
        ),
      );
    },
    async ask({ server, method, uri, about, credentials, contactHost = null }) {
      const hops = await hopsOf(server);
      if (hops.length === 0) return { answered: false, because: 'no-address' };
      const ids = { callId: mintCallId(core.chance), fromTag: mintTag(core.chance) };
      return new Promise((resolve) => {
        sendOutside(
          core,
          {
            ...{ hops, credentials, hopMs: askMs },
            request: (hop) => {
              const own = asOurselves(us, contactHost, hop);
              // A REGISTER with a Contact would change something.
              const extra = about === null ? [...own.contact, acceptHeader] : [acceptHeader];
              const from = about === null ? own.from : `<${about}>`;
              return requestOutside({ ...ids, method, uri, from, to: `<${about ?? uri}>`, extra });
            },
          },
          {
            onResponse({ status, reason, headers }) {
              if (status < 200) return;
              const contacts = headers.filter(({ name }) => name === 'contact').length;
              resolve({ answered: true, status, reason: fromWire(reason), contacts });
            },
            onFailed: (because) => resolve({ answered: false, because }),
          },
        );
      });
    },
    connectionClosed(connection) {
      for (const registrar of registrars) registrar.connectionClosed(connection);
    },
    close() {
      for (const end of [...ends]) end();
      ends.clear();
      names.close();
    },
  };
}
