/**
 * The trunks as they live: registered, asked whether they are there, their registrars' addresses known. What is said of them is
 * logged once for each change.
 */
import type { FarServer, IncomingCall, SipEndpointHandlers, SipTransport, SipUpkeep } from '../../sip/contract.js';
import type { RegistrationTrouble } from '../../sip/agent/registration.js';
import type { TlsPeer } from '../../sip/ports.js';
import type { Log } from './log.js';
import type { TrunkStatus } from './trunk-choice.js';
import type { Trunk, TrunkServer } from './trunk.js';
import { trunkFinder } from './trunks.js';

export interface TrunkHealth {
  id: string;
  /** Down: not registered where it should be, or silent to our questions. Unknown: nobody asks. */
  status: TrunkStatus;
  /** Null: it is not to be registered. */
  registration: 'registered' | 'trying' | 'failed' | null;
  /** Null: nobody asks. */
  reachable: TrunkStatus | null;
  /** Why it is down, for a person: `403 at REGISTER`. */
  because: string | null;
}

export interface TrunkKeeper {
  /** Whose calls come from there: by the address lists, then by the registrars that know us. */
  find(address: string): Trunk | null;
  /** Several accounts with one carrier come from one address: the number that was registered says which. */
  ofCall(found: string, dialled: string): Trunk | null;
  /** What the SIP endpoint asks of trunks. */
  readonly handlers: Pick<
    SipEndpointHandlers,
    'trunkOf' | 'isAt' | 'tlsPeerOf' | 'tlsDemandOf' | 'isTrunk' | 'guests' | 'credentialsOf' | 'contactHostOf'
  >;
  statusOf(trunk: Trunk): TrunkStatus;
  health(): TrunkHealth[];
  start(): void;
  /** Resolves when the names of the registrars were looked up once, or after a moment. */
  known(withinMs: number): Promise<void>;
  /** Takes the registrations back. */
  stop(): Promise<void>;
  /** Leaves them to the next process. */
  leave(): void;
}

export interface TrunkKeeperOptions {
  trunks: readonly Trunk[];
  /** Asked for late: the endpoint is made around handlers that ask us. */
  sip(): SipUpkeep;
  after(ms: number, call: () => void): () => void;
  log: Log;
}

interface Kept {
  trunk: Trunk;
  /** Does its own list hold the address? */
  lists(address: string): boolean;
  /** Addresses of its registrars and of where we call out to, with the name that each was found by. */
  registrars: Map<string, string>;
  servers: Map<string, string>;
  registration: TrunkHealth['registration'];
  reachable: TrunkStatus | null;
  because: string | null;
}

/** Carriers move slowly; DNS answers are kept in between anyway. */
const lookAgainMs = 60_000;

/**
 * What was dialled. A carrier that was told of an account sends calls to that account, and the number that was dialled in To; one
 * account for many numbers is of no use otherwise.
 */
export function dialledOf(trunk: Trunk | null, { to, addressed }: Pick<IncomingCall, 'to' | 'addressed'>): string {
  const isAccount = trunk?.register !== undefined && trunk.register.user === to;
  return isAccount && addressed !== null && addressed !== undefined ? addressed : to;
}

export const farServer = (trunk: Trunk, server: TrunkServer): FarServer => ({ ...server, tls: trunk.tls ?? null });

/** Who may call in with a password. They share one realm: a caller must know which before it knows who we are. */
export function guestsOf(trunks: readonly Trunk[]): NonNullable<SipEndpointHandlers['guests']> | null {
  const digests = trunks.flatMap(({ id, inbound: { digest } }) => (digest === undefined ? [] : [{ id, digest }]));
  if (digests.length === 0) return null;
  const realm = digests.find(({ digest }) => digest.realm !== null)?.digest.realm ?? 'denwaban';
  const algorithms = digests.find(({ digest }) => digest.algorithms !== undefined)?.digest.algorithms;
  return {
    realm,
    algorithms: algorithms ?? ['SHA-256', 'MD5'],
    accounts: digests.map(({ id, digest: { username, password } }) => ({ trunk: id, username, password })),
  };
}

export function createTrunkKeeper({ trunks, sip, after, log }: TrunkKeeperOptions): TrunkKeeper {
  const byList = trunkFinder(trunks);
  const kept: Kept[] = trunks.map((trunk) => ({
    trunk,
    lists: listOf(trunk),
    registrars: new Map(),
    servers: new Map(),
    registration: trunk.register === undefined ? null : 'trying',
    reachable: trunk.health === undefined ? null : 'unknown',
    because: null,
  }));
  const ends: (() => void)[] = [];
  const registrations: ReturnType<SipUpkeep['register']>[] = [];
  let cancelLook: () => void = () => {};
  let looked: Promise<void> | null = null;

  async function learn(into: Map<string, string>, trunk: Trunk, servers: readonly TrunkServer[]): Promise<void> {
    for (const server of servers) {
      const hops = await sip().hopsOf(farServer(trunk, server));
      // An address that DNS no longer names stays known for as long as the process: calls of the meantime live on it.
      for (const { address } of hops) into.set(address, server.host);
    }
  }
  function look(): Promise<void> {
    const all = kept.flatMap(({ trunk, registrars, servers }) => [
      ...(trunk.register === undefined ? [] : [learn(registrars, trunk, trunk.register.servers)]),
      ...(trunk.outbound === undefined ? [] : [learn(servers, trunk, [trunk.outbound.server])]),
    ]);
    cancelLook = all.length === 0 ? () => {} : after(lookAgainMs, () => void look());
    return Promise.all(all).then(() => {});
  }

  function keepRegistered(one: Kept): void {
    const { trunk } = one;
    const { register } = trunk;
    if (register === undefined) return;
    const { user, domain, expiresS, account } = register;
    const { username, password } = account;
    registrations.push(
      sip().register(
        {
          servers: register.servers.map((server) => farServer(trunk, server)),
          ...{
            user,
            domain,
            expiresS,
            keepAliveS: trunk.keepAliveS ?? null,
            contactHost: trunk.contactHost ?? null,
            credentials: { username, password },
          },
        },
        ({ standing, because, flow }) => {
          if (flow !== null) one.registrars.set(flow.address, one.registrars.get(flow.address) ?? domain);
          const before = one.registration;
          one.registration = standing ? 'registered' : because === null ? 'trying' : 'failed';
          one.because = because === null ? null : `${wordsOf(because)} at REGISTER`;
          if (one.registration === before) return;
          const facts = { trunk: trunk.id, because: one.because };
          if (standing) log.info(facts, 'trunk: registered');
          else if (one.registration === 'failed') log.warn(facts, 'trunk: not registered');
        },
      ),
    );
  }

  function keepAsking(one: Kept): void {
    const { trunk } = one;
    const server = trunk.outbound?.server ?? trunk.register?.servers[0];
    if (trunk.health === undefined || server === undefined) return;
    const { intervalS } = trunk.health;
    const end = sip().probe(
      { server: farServer(trunk, server), intervalS, contactHost: trunk.contactHost ?? null },
      (status) => {
        one.reachable = status;
        if (status === 'up') log.info({ trunk: trunk.id }, 'trunk: answers');
        else log.warn({ trunk: trunk.id }, 'trunk: does not answer our questions');
      },
    );
    ends.push(end);
  }

  /** A trunk that is not registered keeps the way open by itself: to the first address that its name leads to. */
  function keepOpen({ trunk }: Kept): void {
    const { keepAliveS = null, outbound, register } = trunk;
    if (keepAliveS === null || outbound === undefined || register !== undefined) return;
    void sip()
      .hopsOf(farServer(trunk, outbound.server))
      .then(([hop]) => {
        if (hop !== undefined) ends.push(sip().keepOpen(hop, keepAliveS));
      });
  }

  function statusOf({ registration, reachable }: Kept): TrunkStatus {
    if (registration === 'failed' || reachable === 'down') return 'down';
    return registration === 'registered' || reachable === 'up' ? 'up' : 'unknown';
  }

  const find = (address: string): Trunk | null =>
    byList(address) ?? kept.find(({ registrars }) => registrars.has(address))?.trunk ?? null;

  /** How to expect a trunk's certificate at an address. */
  function tlsAt(address: string): TlsPeer | null {
    for (const { trunk, registrars, servers } of kept) {
      const name = servers.get(address) ?? registrars.get(address);
      if (name !== undefined) return { ca: null, verify: true, ...trunk.tls, name };
    }
    const listed = byList(address);
    const far = listed?.outbound?.server.host ?? listed?.register?.servers[0]?.host;
    if (listed?.tls === undefined) return null;
    return { ...listed.tls, name: far ?? address };
  }

  return {
    find,
    ofCall(found, dialled) {
      const mine = kept.find(({ trunk }) => trunk.id === found);
      if (mine === undefined) return null;
      const shared = (one: Kept) => [...mine.registrars.keys()].some((address) => one.registrars.has(address));
      const named = kept.find((one) => one.trunk.register?.user === dialled && (one === mine || shared(one)));
      return (named ?? mine).trunk;
    },
    handlers: {
      trunkOf({ transport, address }) {
        const trunk = find(address);
        return trunk !== null && mayComeBy(trunk, transport) ? trunk.id : null;
      },
      tlsDemandOf: (address) => find(address)?.inbound.tls ?? null,
      isAt(id, { transport, address }) {
        const one = kept.find(({ trunk }) => trunk.id === id);
        if (one === undefined || !mayComeBy(one.trunk, transport)) return false;
        return one.lists(address) || one.registrars.has(address) || one.servers.has(address);
      },
      tlsPeerOf: tlsAt,
      credentialsOf: (id) => trunks.find((trunk) => trunk.id === id)?.outbound?.account ?? null,
      contactHostOf: (id) => trunks.find((trunk) => trunk.id === id)?.contactHost ?? null,
      isTrunk: (id) => trunks.some((trunk) => trunk.id === id),
      guests: guestsOf(trunks),
    },
    statusOf: (trunk) => {
      const one = kept.find((each) => each.trunk.id === trunk.id);
      return one === undefined ? 'unknown' : statusOf(one);
    },
    health: () =>
      kept.map((one) => {
        const { trunk, registration, reachable } = one;
        const silent = reachable === 'down' ? 'no answer to OPTIONS' : null;
        return { id: trunk.id, status: statusOf(one), registration, reachable, because: one.because ?? silent };
      }),
    start() {
      looked ??= look();
      for (const one of kept) {
        keepRegistered(one);
        keepAsking(one);
        keepOpen(one);
      }
    },
    known(withinMs) {
      looked ??= look();
      return new Promise((resolve) => {
        const cancel = after(withinMs, resolve);
        void looked?.then(() => (cancel(), resolve()));
      });
    },
    async stop() {
      cancelLook();
      for (const end of ends.splice(0)) end();
      await Promise.all(registrations.splice(0).map((one) => one.stop()));
    },
    leave() {
      cancelLook();
      for (const end of ends.splice(0)) end();
      for (const one of registrations.splice(0)) one.leave();
    },
  };
}

/** Whoever forges its address over UDP would else get around the certificate. */
const mayComeBy = ({ inbound }: Trunk, transport: SipTransport): boolean =>
  inbound.tls === undefined || transport === 'tls';

function listOf(trunk: Trunk): (address: string) => boolean {
  const find = trunkFinder([trunk]);
  return (address) => find(address) !== null;
}

function wordsOf(because: RegistrationTrouble): string {
  if (typeof because === 'object') return String(because.status);
  return { timeout: 'no answer', transport: 'no connection', 'no-address': 'no address found' }[because];
}
