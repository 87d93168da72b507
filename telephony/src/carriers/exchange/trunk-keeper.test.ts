/** Trunks as they live, over a SIP endpoint that only notes what it is asked. */
import type { TrunkId } from '@denwaban/core';
import { beforeEach, expect, test } from 'vitest';
import type { FarServer, RegisterRequest, SipUpkeep } from '../../sip/contract.js';
import type { RegistrationNews } from '../../sip/agent/registrar.js';
import { createTrunkKeeper, dialledOf } from './trunk-keeper.js';
import type { Trunk } from './trunk.js';

const zone: Record<string, string[]> = {};
let asked: string[];
let logged: string[];
let registrations: { request: RegisterRequest; told(news: RegistrationNews): void; ended: string | null }[];
let probes: { server: FarServer; told(status: 'up' | 'down'): void; ended: boolean }[];
let waiting: { ms: number; call(): void }[];

beforeEach(() => {
  for (const name of Object.keys(zone)) delete zone[name];
  [asked, logged, registrations, probes, waiting] = [[], [], [], [], []];
});

const sip: SipUpkeep = {
  hopsOf(server) {
    asked.push(server.host);
    const addresses = zone[server.host] ?? [];
    return Promise.resolve(addresses.map((address) => ({ transport: 'udp', address, port: 5060, connection: null })));
  },
  register(request, told) {
    const one = { request, told, ended: null as string | null };
    registrations.push(one);
    return { stop: () => ((one.ended = 'stopped'), Promise.resolve()), leave: () => void (one.ended = 'left') };
  },
  probe({ server }, told) {
    const one = { server, told, ended: false };
    probes.push(one);
    return () => void (one.ended = true);
  },
  ask: () => Promise.resolve({ answered: false, because: 'no-address' }),
  keepOpen: () => () => {},
};
const log = (level: string) => (facts: object, message: string) =>
  void logged.push(`${level} ${message} ${JSON.stringify(facts)}`);
const keeperOf = (...trunks: Trunk[]) =>
  createTrunkKeeper({
    ...{ trunks, sip: () => sip },
    after(ms, call) {
      const one = { ms, call };
      waiting.push(one);
      return () => void (waiting = waiting.filter((each) => each !== one));
    },
    log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
  });
const registering = (id: string, user: string, host = 'carrier.test'): Trunk => ({
  ...{ id: `tk_${id}` as TrunkId, name: id, inbound: { addresses: [] }, health: { intervalS: 30 } },
  register: {
    servers: [{ host, port: null, transport: null }],
    ...{ account: { username: user, password: 'hush', realm: null }, user, domain: host, expiresS: 600 },
  },
});
const news = (standing: boolean, status?: number): RegistrationNews => ({
  standing,
  because: status === undefined ? null : { status },
  flow: null,
});

test('[TRK12] calls come from where the registrar is; what its name leads to is looked up again, and nothing is forgotten', async () => {
  zone['carrier.test'] = ['192.0.2.1', '192.0.2.2'];
  const keeper = keeperOf(registering('a', '100'));
  expect(keeper.find('192.0.2.1')).toBeNull();
  keeper.start();
  await keeper.known(1_000);
  for (const address of zone['carrier.test']) expect(keeper.find(address)?.id).toBe('tk_a');
  expect(keeper.find('192.0.2.3')).toBeNull();
  zone['carrier.test'] = ['192.0.2.3'];
  waiting.find(({ ms }) => ms === 60_000)?.call();
  await new Promise((resolve) => setImmediate(resolve));
  expect(keeper.find('192.0.2.3')?.id).toBe('tk_a');
  expect(keeper.find('192.0.2.1')?.id).toBe('tk_a');
});

test('[TRK12] the address that we call out to is no address that calls in', async () => {
  zone['carrier.test'] = ['192.0.2.1'];
  const keeper = keeperOf({
    ...{ id: 'tk_out' as TrunkId, name: 'out', inbound: { addresses: [] } },
    tls: { ca: 'PEM', verify: true },
    outbound: {
      server: { host: 'carrier.test', port: null, transport: 'tls' },
      ...{ account: null, callerId: null, callerIdHeader: 'from', headers: [], codecs: ['PCMU'] },
    },
  });
  keeper.start();
  await keeper.known(1_000);
  expect(keeper.find('192.0.2.1')).toBeNull();
  expect(keeper.handlers.tlsPeerOf?.('192.0.2.1')).toEqual({ name: 'carrier.test', ca: 'PEM', verify: true });
  expect(keeper.handlers.tlsPeerOf?.('192.0.2.9')).toBeNull();
});

test('[TRK18] who has to show a certificate is nobody over UDP and TCP', () => {
  const tls = { names: ['pbx.test'], ca: null };
  const keeper = keeperOf({ id: 'tk_pbx' as TrunkId, name: 'p', inbound: { addresses: ['192.0.2.7'], tls } });
  const place = (transport: 'udp' | 'tcp' | 'tls') => ({ transport, address: '192.0.2.7', port: 5060 });
  expect([keeper.handlers.trunkOf(place('tls')), keeper.handlers.trunkOf(place('udp'))]).toEqual(['tk_pbx', null]);
  expect(keeper.handlers.trunkOf(place('tcp'))).toBeNull();
  expect(keeper.handlers.isAt?.('tk_pbx', place('tls'))).toBe(true);
  expect(keeper.handlers.isAt?.('tk_pbx', place('udp'))).toBe(false);
  expect(keeper.handlers.tlsDemandOf?.('192.0.2.7')).toEqual(tls);
  expect(keeper.handlers.tlsDemandOf?.('192.0.2.8')).toBeNull();
});

test('[TRK12] two accounts of one carrier are told apart by the number that was registered', async () => {
  zone['carrier.test'] = ['192.0.2.1'];
  zone['other.test'] = ['192.0.2.9'];
  const keeper = keeperOf(registering('a', '100'), registering('b', '200'), registering('c', '300', 'other.test'));
  keeper.start();
  await keeper.known(1_000);
  expect(keeper.ofCall('tk_a', '200')?.id).toBe('tk_b');
  expect(keeper.ofCall('tk_a', '100')?.id).toBe('tk_a');
  expect(keeper.ofCall('tk_a', '0312345678')?.id).toBe('tk_a');
  // From another carrier's address nobody becomes this one's.
  expect(keeper.ofCall('tk_a', '300')?.id).toBe('tk_a');
});

test('[TRK10] health says why, and each change is logged once, without a secret', () => {
  const keeper = keeperOf(registering('a', '100'));
  keeper.start();
  const [registration] = registrations;
  const [probe] = probes;
  const health = () => keeper.health()[0];
  expect(health()).toEqual({
    id: 'tk_a',
    status: 'unknown',
    registration: 'trying',
    reachable: 'unknown',
    because: null,
  });
  registration?.told(news(false, 403));
  registration?.told(news(false, 403));
  expect(health()).toMatchObject({ status: 'down', registration: 'failed', because: '403 at REGISTER' });
  registration?.told(news(true));
  probe?.told('up');
  expect(health()).toMatchObject({ status: 'up', registration: 'registered', reachable: 'up', because: null });
  probe?.told('down');
  expect(health()).toMatchObject({ status: 'down', because: 'no answer to OPTIONS' });
  expect(logged.map((line) => line.split(' {')[0])).toEqual([
    ...['warn trunk: not registered', 'info trunk: registered', 'info trunk: answers'],
    'warn trunk: does not answer our questions',
  ]);
  expect(logged.join()).not.toContain('hush');
});

test('[TRK9] the end of the house takes registrations back, that of the process leaves them', async () => {
  const house = keeperOf(registering('a', '100'));
  house.start();
  await house.stop();
  expect(registrations[0]?.ended).toBe('stopped');
  expect(probes[0]?.ended).toBe(true);
  const process = keeperOf(registering('a', '100'));
  process.start();
  process.leave();
  expect(registrations[1]?.ended).toBe('left');
  expect(waiting).toEqual([]);
});

test('[TRK12] a call to the account that was registered is a call to the number in To; any other to what it says', () => {
  const trunk = registering('a', 'account7');
  expect(dialledOf(trunk, { to: 'account7', addressed: '0312345678' })).toBe('0312345678');
  expect(dialledOf(trunk, { to: 'account7', addressed: null })).toBe('account7');
  expect(dialledOf(trunk, { to: '0312345679', addressed: '0312345678' })).toBe('0312345679');
  expect(dialledOf(null, { to: 'account7', addressed: '0312345678' })).toBe('account7');
});

test('of two trunks that share an address the first is found, and both are there', async () => {
  zone['carrier.test'] = ['192.0.2.9'];
  const listing: Trunk = { id: 'tk_a' as TrunkId, name: 'a', inbound: { addresses: ['192.0.2.0/28'] } };
  const keeper = keeperOf(listing, registering('b', 'b'));
  await keeper.known(1_000);
  const at = (address: string) => ({ transport: 'udp' as const, address, port: 5060 });
  expect(keeper.find('192.0.2.9')?.id).toBe('tk_a');
  expect(keeper.handlers.isAt?.('tk_a', at('192.0.2.9'))).toBe(true);
  expect(keeper.handlers.isAt?.('tk_b', at('192.0.2.9'))).toBe(true);
  expect(keeper.handlers.isAt?.('tk_b', at('192.0.2.8'))).toBe(false);
  expect(keeper.handlers.isAt?.('tk_gone', at('192.0.2.9'))).toBe(false);
});
