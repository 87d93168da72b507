/** RFC 3263 as a table: what DNS holds, and the places in the order in which they are tried. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  resolve,
  type Abilities,
  type Answers,
  type Naptr,
  type Place,
  type Question,
  type Srv,
  type Target,
} from './resolve.js';

interface Zone {
  NAPTR?: Record<string, Naptr[]>;
  SRV?: Record<string, Srv[]>;
  A?: Record<string, string[]>;
  AAAA?: Record<string, string[]>;
}

const able: Abilities = { transports: ['udp', 'tcp', 'tls'], families: [4, 6] };
const host = 'carrier.example';
const srv = (name: string, priority = 1, weight = 0, port = 5060): Srv => ({ name, priority, weight, port });
const naptr = (service: string, replacement: string, order = 1, preference = 1): Naptr => ({
  ...{ flags: 's', service, replacement, order, preference },
});

/** Answers every question out of the zone, one round after the other, as a resolver would. */
function look(target: Partial<Target>, zone: Zone, over: Partial<Abilities> = {}, random = () => 0) {
  const known = new Map<string, unknown>();
  const asked: Question[] = [];
  const answers: Answers = {
    naptr: (name) => known.get(`NAPTR ${name}`) as Naptr[] | undefined,
    srv: (name) => known.get(`SRV ${name}`) as Srv[] | undefined,
    addresses: (type, name) => known.get(`${type} ${name}`) as string[] | undefined,
  };
  for (let round = 0; round < 5; round++) {
    const result = resolve({ host, port: null, transport: null, ...target }, answers, { ...able, ...over }, random);
    if (result.done) return { places: result.places, asked };
    for (const question of result.ask) {
      asked.push(question);
      known.set(`${question.type} ${question.name}`, zone[question.type]?.[question.name] ?? []);
    }
  }
  throw new Error('it asks for ever');
}
const written = (places: Place[]) => places.map(({ transport, address, port }) => `${transport} ${address} ${port}`);

describe('[TRK6] where a request goes (RFC 3263 §4)', () => {
  test.each([
    ['figures need no DNS', { host: '192.0.2.1' }, {}, ['udp 192.0.2.1 5060'], []],
    ['figures over TLS', { host: '192.0.2.1', transport: 'tls' }, {}, ['tls 192.0.2.1 5061'], []],
    ['IPv6', { host: '2001:db8::1', port: 5070, transport: 'tcp' }, {}, ['tcp 2001:db8::1 5070'], []],
    [
      'a port: no SRV is asked for',
      { port: 5070 },
      { A: { [host]: ['192.0.2.1', '192.0.2.2'] }, AAAA: { [host]: ['2001:db8::1'] } },
      ['udp 192.0.2.1 5070', 'udp 192.0.2.2 5070', 'udp 2001:db8::1 5070'],
      [`A ${host}`, `AAAA ${host}`],
    ],
    [
      'a transport without a port: its SRV',
      { transport: 'tls' },
      { SRV: { [`_sips._tcp.${host}`]: [srv('a.example.', 1, 0, 5071)] }, A: { 'a.example': ['192.0.2.1'] } },
      ['tls 192.0.2.1 5071'],
      [`SRV _sips._tcp.${host}`, 'A a.example', 'AAAA a.example'],
    ],
    [
      'a transport whose SRV is not there: the host itself',
      { transport: 'tcp' },
      { A: { [host]: ['192.0.2.9'] } },
      ['tcp 192.0.2.9 5060'],
      [`SRV _sip._tcp.${host}`, `A ${host}`, `AAAA ${host}`],
    ],
    ['nothing at all: nowhere', {}, {}, [], undefined],
    ['no NAPTR and no SRV: UDP to the host', {}, { A: { [host]: ['192.0.2.9'] } }, ['udp 192.0.2.9 5060'], undefined],
  ] as const)('%s', (_, target, zone, places, asked) => {
    const found = look(target, zone as Zone);
    expect(written(found.places)).toEqual(places);
    if (asked !== undefined) expect(found.asked.map(({ type, name }) => `${type} ${name}`)).toEqual(asked);
  });

  test('NAPTR by order and preference decides the transport; what we cannot speak or do not know is passed over', () => {
    const zone: Zone = {
      NAPTR: {
        [host]: [
          naptr('SIP+D2U', '_sip._udp.x', 2, 1),
          naptr('SIPS+D2T', '_sips._tcp.x', 1, 2),
          naptr('SIP+D2S', '_sip._sctp.x', 1, 0),
          { ...naptr('SIP+D2T', '_sip._tcp.x', 1, 1), flags: 'a' },
          naptr('SIP+D2T', '_sip._tcp.x.', 1, 1),
        ],
      },
      SRV: {
        '_sip._udp.x': [srv('a')],
        '_sips._tcp.x': [srv('a', 1, 0, 5061)],
        '_sip._tcp.x': [srv('a')],
      },
      A: { a: ['192.0.2.1'] },
    };
    expect(written(look({}, zone).places)).toEqual(['tcp 192.0.2.1 5060', 'tls 192.0.2.1 5061', 'udp 192.0.2.1 5060']);
    expect(written(look({}, zone, { transports: ['udp'] }).places)).toEqual(['udp 192.0.2.1 5060']);
  });

  test('SRV of lower priority come first, and further ones are there to fail over to', () => {
    const zone: Zone = {
      SRV: { [`_sip._udp.${host}`]: [srv('b', 20), srv('a', 10, 0, 5070), srv('c', 30)] },
      A: { a: ['192.0.2.1', '192.0.2.2'], b: ['192.0.2.3'], c: ['192.0.2.1'] },
    };
    expect(written(look({}, zone).places)).toEqual([
      ...['udp 192.0.2.1 5070', 'udp 192.0.2.2 5070', 'udp 192.0.2.3 5060', 'udp 192.0.2.1 5060'],
    ]);
  });

  test('a lone dot as SRV target says that there is no such service: the host’s own address is not tried', () => {
    const zone: Zone = { SRV: { [`_sip._udp.${host}`]: [srv('.')] }, A: { [host]: ['192.0.2.1'] } };
    expect(look({ transport: 'udp' }, zone).places).toEqual([]);
  });

  test('without IPv6 of our own none is asked for', () => {
    const { asked } = look({ port: 5060 }, { A: { [host]: ['192.0.2.1'] } }, { families: [4] });
    expect(asked).toEqual([{ type: 'A', name: host }]);
  });

  test('a zone that names hundreds costs no hundred questions', () => {
    const many = Array.from({ length: 300 }, (_, at) => srv(`h${at}`, at));
    const addresses = Array.from({ length: 50 }, (_, at) => `192.0.2.${at}`);
    const A = Object.fromEntries(many.map(({ name }) => [name, addresses]));
    const { places, asked } = look({ transport: 'udp' }, { SRV: { [`_sip._udp.${host}`]: many }, A });
    expect(asked.length).toBeLessThanOrEqual(17);
    expect(places.length).toBeLessThanOrEqual(12);
  });
});

describe('[TRK6] weights (RFC 2782)', () => {
  const first = (records: Srv[], random: () => number) =>
    look(
      { transport: 'udp' },
      { SRV: { [`_sip._udp.${host}`]: records }, A: { a: ['1.1.1.1'], b: ['2.2.2.2'], c: ['3.3.3.3'] } },
      {},
      random,
    )
      .places.map(({ address }) => 'abc'[Number(address[0]) - 1])
      .join('');

  test('share the load in their proportion', () => {
    const counts: Record<string, number> = {};
    for (let draw = 0; draw < 1_000; draw++) {
      const order = first([srv('a', 1, 60), srv('b', 1, 30), srv('c', 1, 10)], () => draw / 1_000);
      counts[order[0] ?? ''] = (counts[order[0] ?? ''] ?? 0) + 1;
    }
    expect(counts['a']).toBeGreaterThan(570);
    expect(counts['b']).toBeGreaterThan(270);
    expect(counts['c']).toBeGreaterThan(80);
  });

  test('whatever is drawn, each server is tried once, and none before one of lower priority', () => {
    const records = fc.array(fc.record({ priority: fc.nat(3), weight: fc.nat(100) }), { maxLength: 8 });
    fc.assert(
      fc.property(
        records,
        fc.array(fc.double({ min: 0, max: 0.999_999, noNaN: true }), { minLength: 1 }),
        (some, draws) => {
          const list = some.map((one, at) => srv(`h${at}`, one.priority, one.weight));
          const A = Object.fromEntries(list.map(({ name }, at) => [name, [`10.0.0.${at}`]]));
          let drawn = 0;
          const { places } = look(
            { transport: 'udp' },
            { SRV: { [`_sip._udp.${host}`]: list }, A },
            {},
            () => draws[drawn++ % draws.length] ?? 0,
          );
          expect(new Set(places.map(({ address }) => address)).size).toBe(list.length);
          const priorities = places.map(({ address }) => list[Number(address.split('.')[3])]?.priority ?? -1);
          expect(priorities).toEqual(priorities.toSorted((a, b) => a - b));
        },
      ),
    );
  });
});
