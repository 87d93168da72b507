/** Our questions to a DNS server of a few lines, over real UDP. dnsmasq is asked in lab's conformance tests. */
import { createSocket, type Socket } from 'node:dgram';
import { afterEach, expect, test } from 'vitest';
import { createNames, type NamesOptions } from './dns.js';

const port = 6015;
let server: Socket | null = null;
let asked: string[] = [];
let silent = false;
/** `A name` → addresses and time to live. */
let zone: Record<string, { addresses?: string[]; srv?: [number, number, number, string][]; ttl?: number }> = {};

afterEach(async () => {
  await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
  server = null;
  asked = [];
  silent = false;
});

const types: Record<number, string> = { 1: 'A', 28: 'AAAA', 33: 'SRV', 35: 'NAPTR' };
const encodeName = (name: string) =>
  Buffer.concat([...name.split('.').map((part) => Buffer.from([part.length, ...Buffer.from(part)])), Buffer.from([0])]);

/** RFC 1035 §4: as much of it as our questions need. */
async function serve(): Promise<void> {
  const socket = createSocket('udp4');
  server = socket;
  socket.on('message', (query, from) => {
    const parts: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      parts.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const type = types[query.readUInt16BE(at + 1)] ?? '?';
    const question = query.subarray(12, at + 5);
    const key = `${type} ${parts.join('.').toLowerCase()}`;
    asked.push(key);
    if (silent) return;
    const held = zone[key];
    const datas = [
      ...(held?.addresses ?? []).map((address) => Buffer.from(address.split('.').map(Number))),
      ...(held?.srv ?? []).map(([priority, weight, sip, name]) => {
        const head = Buffer.alloc(6);
        head.writeUInt16BE(priority, 0);
        head.writeUInt16BE(weight, 2);
        head.writeUInt16BE(sip, 4);
        return Buffer.concat([head, encodeName(name)]);
      }),
    ];
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(held === undefined ? 0x8183 : 0x8180, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(datas.length, 6);
    const records = datas.map((data) => {
      const record = Buffer.alloc(12);
      record.writeUInt16BE(0xc00c, 0);
      query.copy(record, 2, at + 1, at + 5);
      record.writeUInt32BE(held?.ttl ?? 60, 6);
      record.writeUInt16BE(data.length, 10);
      return Buffer.concat([record, data]);
    });
    socket.send(Buffer.concat([head, question, ...records]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
}

let clock = 0;
const names = (over: Partial<NamesOptions> = {}) =>
  createNames({
    ...{ servers: [`127.0.0.1:${port}`], transports: ['udp', 'tcp', 'tls'], families: [4], now: () => clock },
    limits: { timeoutMs: 150, tries: 1 },
    ...over,
  });
const udp = (host: string) => ({ host, port: null, transport: 'udp' as const });

test('[TRK6] SRV and addresses are asked for, many questions in one moment once, and answers kept for their time', async () => {
  zone = {
    'SRV _sip._udp.carrier.test': {
      srv: [
        [20, 0, 5070, 'b.test'],
        [10, 0, 5060, 'a.test'],
      ],
    },
    'A a.test': { addresses: ['192.0.2.1'], ttl: 20 },
    'A b.test': { addresses: ['192.0.2.2'], ttl: 300 },
  };
  await serve();
  const resolver = names();
  const [one, two] = await Promise.all([resolver.find(udp('carrier.test')), resolver.find(udp('Carrier.test.'))]);
  expect(one.places.map(({ address, port: at }) => `${address}:${at}`)).toEqual(['192.0.2.1:5060', '192.0.2.2:5070']);
  expect(two).toEqual(one);
  expect(asked).toEqual(['SRV _sip._udp.carrier.test', 'A a.test', 'A b.test']);
  clock += 19_000;
  await resolver.find(udp('carrier.test'));
  expect(asked).toHaveLength(3);
  clock += 2_000;
  await resolver.find(udp('carrier.test'));
  expect(asked.slice(3)).toEqual(['A a.test']);
});

test('[TRK6] a no is believed for a while, and no silence is taken for one', async () => {
  zone = {};
  await serve();
  const resolver = names();
  expect(await resolver.find(udp('gone.test'))).toEqual({ places: [], failed: [] });
  await resolver.find(udp('gone.test'));
  expect(asked).toEqual(['SRV _sip._udp.gone.test', 'A gone.test']);
  silent = true;
  const { places, failed } = await resolver.find({ host: 'mute.test', port: 5060, transport: 'udp' });
  expect(places).toEqual([]);
  expect(failed).toEqual([{ type: 'A', name: 'mute.test' }]);
});

test('[TRK7] when DNS fails, what was last known is used on', async () => {
  zone = { 'A carrier.test': { addresses: ['192.0.2.7'], ttl: 5 } };
  await serve();
  const resolver = names();
  const target = { host: 'carrier.test', port: 5060, transport: 'tcp' as const };
  const known = [{ transport: 'tcp', address: '192.0.2.7', port: 5060 }];
  expect(await resolver.find(target)).toEqual({ places: known, failed: [] });
  silent = true;
  clock += 3_600_000;
  expect(await resolver.find(target)).toEqual({ places: known, failed: [{ type: 'A', name: 'carrier.test' }] });
  silent = false;
  zone['A carrier.test'] = { addresses: ['192.0.2.8'], ttl: 5 };
  clock += 6_000;
  expect((await resolver.find(target)).places).toEqual([{ transport: 'tcp', address: '192.0.2.8', port: 5060 }]);
});

test('figures are found without a question', async () => {
  const resolver = names();
  const target = { host: '192.0.2.1', port: null, transport: null };
  expect((await resolver.find(target)).places).toEqual([{ transport: 'udp', address: '192.0.2.1', port: 5060 }]);
});

test('a name of /etc/hosts is found where DNS is not told otherwise', async () => {
  const resolver = createNames({ transports: ['udp'], families: [4], limits: { timeoutMs: 300, tries: 1 } });
  const { places } = await resolver.find({ host: 'localhost', port: 5060, transport: null });
  expect(places).toEqual([{ transport: 'udp', address: '127.0.0.1', port: 5060 }]);
});
