/** What a person may write into trunks.json, and what they are told when it cannot be used. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StartError } from '../store/start-error.js';
import { readTrunks } from './read.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'denwaban-trunks-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function written(content: unknown, mode = 0o600) {
  const file = path.join(folder, 'trunks.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content), { mode });
  await chmod(file, mode);
  return readTrunks(folder, false);
}
const complaint = async (content: unknown): Promise<string> => {
  const error: unknown = await written(content).catch((thrown: unknown) => thrown);
  if (!(error instanceof StartError)) throw new Error(`it was taken: ${JSON.stringify(content)}`);
  expect(error.code).toBe('bad-trunks');
  return error.line;
};
const base = { id: 'tk_a', name: 'A' };
const known = { inbound: { addresses: ['203.0.113.7'] } };

test('[TRK1] without a file there is the demo’s trunk, or none', async () => {
  expect((await readTrunks(folder, false)).trunks).toEqual([]);
  expect((await readTrunks(folder, true)).trunks.map(({ id }) => id)).toEqual(['tk_demo']);
});

test('[TRK1] a file of the first release is read as it was', async () => {
  const { trunks, warnings } = await written([{ ...base, inbound: { addresses: ['203.0.113.7', '198.51.100.0/24'] } }]);
  expect(trunks).toEqual([{ ...base, inbound: { addresses: ['203.0.113.7', '198.51.100.0/24'] } }]);
  expect(warnings).toEqual([]);
});

test('[TRK1] everything that can be written arrives', async () => {
  await writeFile(path.join(folder, 'secret'), 'hush\n', { mode: 0o600 });
  await writeFile(path.join(folder, 'ca.pem'), '-----BEGIN CERTIFICATE-----\n');
  const { trunks, warnings } = await written([
    {
      ...base,
      priority: 1,
      inbound: { digest: { username: 'in', password: 'x', realm: 'house' } },
      outbound: {
        host: 'sip.example.com',
        transport: 'tls',
        username: 'out',
        passwordFile: 'secret',
        callerId: '+81312345678',
        callerIdHeader: 'both',
        numberFormat: 'national',
        country: 'DE',
        headers: { 'X-Account': '7' },
        codecs: ['PCMA'],
      },
      register: {
        server: ['a.example', '2001:db8::1'],
        transport: 'tls',
        username: '0312345678',
        authUsername: 'auth',
        password: 'y',
      },
      health: {},
      tls: { ca: 'ca.pem' },
      srtp: 'required',
      transfers: true,
      contactHost: 'sbc.example.com',
      keepAlive: 25,
    },
  ]);
  expect(trunks).toEqual([
    {
      ...base,
      priority: 1,
      inbound: { addresses: [], digest: { username: 'in', password: 'x', realm: 'house' } },
      outbound: {
        server: { host: 'sip.example.com', port: null, transport: 'tls' },
        account: { username: 'out', password: 'hush', realm: null },
        callerId: '+81312345678',
        callerIdHeader: 'both',
        numberFormat: { countryCode: '49', internationalPrefix: '00' },
        headers: [{ name: 'x-account', value: '7' }],
        codecs: ['PCMA'],
      },
      register: {
        servers: [
          { host: 'a.example', port: null, transport: 'tls' },
          { host: '2001:db8::1', port: null, transport: 'tls' },
        ],
        account: { username: 'auth', password: 'y', realm: null },
        user: '0312345678',
        domain: 'a.example',
        expiresS: 600,
      },
      health: { intervalS: 30 },
      tls: { ca: '-----BEGIN CERTIFICATE-----\n', verify: true },
      srtp: 'required',
      transfers: true,
      contactHost: 'sbc.example.com',
      keepAliveS: 25,
    },
  ]);
  expect(warnings).toEqual([]);
});

test.each([
  ['a word nobody knows', { ...known, prioritty: 1 }, /tk_a: .*prioritty/],
  ['a trunk that does nothing', {}, /tk_a: does nothing/],
  ['an address that is none', { inbound: { addresses: ['10.0.0.0/40'] } }, /tk_a.*10\.0\.0\.0\/40/],
  [
    'a name of ours with its port',
    { ...known, contactHost: 'sbc.example.com:5061' },
    /tk_a\.contactHost: is a host name/,
  ],
  ['an address for a name of ours', { ...known, contactHost: '203.0.113.5' }, /tk_a\.contactHost: is a host name/],
  ['a name of ours that ends a header', { ...known, contactHost: 'a>\r\nX: y' }, /tk_a\.contactHost: is a host name/],
  ['a host with its port', { outbound: { host: 'sip.example:5060' } }, /tk_a\.outbound\.host: is neither/],
  ['figures that are no address', { outbound: { host: '999.1.1.1' } }, /tk_a\.outbound\.host/],
  ['no secret', { register: { server: 'a.example', username: 'u' } }, /tk_a\.register: needs a password/],
  ['two secrets', { register: { server: 'a.example', username: 'u', password: 'a', passwordFile: 'b' } }, /not both/],
  ['a password without a name', { outbound: { host: 'a.example', password: 'a' } }, /without a username/],
  ['a line end in a name', { outbound: { host: 'a.example', callerId: '1\r\nX: y' } }, /tk_a\.outbound\.callerId/],
  [
    'a header of ours',
    { outbound: { host: 'a.example', headers: { Via: 'x' } } },
    /headers\.Via: is written by Denwaban/,
  ],
  ['a header with a line end', { outbound: { host: 'a.example', headers: { 'X-A': 'a\r\nb' } } }, /printable ASCII/],
  ['an odd codec', { outbound: { host: 'a.example', codecs: ['G729'] } }, /tk_a\.outbound\.codecs\.0/],
  [
    'a form of numbers nobody knows',
    { outbound: { host: 'a.example', numberFormat: 'local' } },
    /outbound\.numberFormat/,
  ],
  [
    'a country that is none',
    { outbound: { host: 'a.example', numberFormat: 'national', country: 'ZZ' } },
    /tk_a\.outbound\.country: has no national form for ZZ/,
  ],
  [
    'a country without a trunk prefix 0',
    { outbound: { host: 'a.example', numberFormat: 'national', country: 'US' } },
    /tk_a\.outbound\.country: has no national form for US/,
  ],
  [
    'a country that is not asked for',
    { outbound: { host: 'a.example', country: 'JP' } },
    /tk_a\.outbound\.country: means nothing without/,
  ],
  ['health of nobody', { ...known, health: {} }, /tk_a\.health: has nobody to ask/],
  [
    'a file that is missing',
    { register: { server: 'a', username: 'u', passwordFile: 'gone' } },
    /tk_a: passwordFile: .* is not there/,
  ],
  ['a certificate without its key', { ...known, tls: { cert: 'a.pem' } }, /tk_a\.tls: needs cert and key/],
  [
    'a certificate that is none',
    { ...known, tls: { cert: 'trunks.json', key: 'trunks.json' } },
    /tk_a: tls\.cert: .* holds no certificate/,
  ],
  [
    'a certificate that nobody is asked for',
    { outbound: { host: 'a.example' }, inbound: { tls: { subject: 'sip.example' } } },
    /tk_a\.inbound\.tls: is asked of nobody/,
  ],
  [
    'a subject that is no name',
    { inbound: { addresses: ['192.0.2.1'], tls: { subject: '*.example' } } },
    /tk_a\.inbound\.tls\.subject/,
  ],
  ['a CA that is none', { ...known, tls: { ca: 'trunks.json' } }, /holds no certificate/],
])('[TRK1] %s is refused at start, by name', async (_, rest, words) => {
  expect(await complaint([{ ...base, ...rest }])).toMatch(words);
});

test('[TRK17] without a country the national form is that of the installation', async () => {
  const of = async (numberFormat: string) =>
    (await written([{ ...base, outbound: { host: 'a.example', numberFormat } }])).trunks[0]?.outbound?.numberFormat;
  expect(await of('national')).toEqual({ countryCode: '81', internationalPrefix: '010' });
  expect(await of('e164-bare')).toBe('e164-bare');
  expect(await of('e164')).toBeUndefined();
});

test('[TRK1] two of one name, no list, and no JSON are refused; what stands there is never repeated', async () => {
  expect(
    await complaint([
      { ...base, ...known },
      { ...base, ...known },
    ]),
  ).toContain('tk_a is there twice');
  expect(await complaint({ trunks: [] })).toContain('expected array');
  const line = await complaint('[{\n  "id": "tk_a", "password": hunter2 }]');
  expect(line).toMatch(/is no JSON( \(line 2, column \d+\))?\. Correct it/);
  expect(line).not.toContain('hunter2');
});

test('[TRK1] trunks with passwords of their own differ by name and share one realm', async () => {
  const guest = (id: string, username: string, realm?: string) => ({
    ...{ id, name: id, inbound: { digest: { username, password: 'x', ...(realm === undefined ? {} : { realm }) } } },
  });
  expect((await written([guest('tk_a', 'a'), guest('tk_b', 'b', 'house')])).trunks).toHaveLength(2);
  expect(await complaint([guest('tk_a', 'a'), guest('tk_b', 'a')])).toMatch(
    /tk_b\.inbound\.digest: .*another username/,
  );
  expect(await complaint([guest('tk_a', 'a', 'x'), guest('tk_b', 'b', 'y')])).toMatch(/the same realm/);
});

test.each(['trunks.md', 'trunks.ja.md'])('[TRK1] the examples of docs/%s can be used as they stand', async (page) => {
  const text = await readFile(new URL(`../../../docs/${page}`, import.meta.url), 'utf8');
  const examples = text.match(/^ {4}\[\{[^]*?^ {4}\}\]$/gm) ?? [];
  expect(examples).toHaveLength(3);
  await writeFile(path.join(folder, 'carrier.secret'), 'hush', { mode: 0o600 });
  for (const example of examples) expect((await written(example)).trunks).toHaveLength(1);
});

test('[TRK2] a file with a password that others can read is warned of; one without is not', async () => {
  const withSecret = [{ ...base, register: { server: 'a.example', username: 'u', password: 'p4ss' } }];
  expect((await written(withSecret, 0o644)).warnings).toEqual([expect.stringMatching(/trunks\.json.*chmod 600/)]);
  expect((await written(withSecret, 0o600)).warnings).toEqual([]);
  expect((await written([{ ...base, ...known }], 0o644)).warnings).toEqual([]);
  await writeFile(path.join(folder, 'secret'), 'p4ss', { mode: 0o640 });
  await chmod(path.join(folder, 'secret'), 0o640);
  const byFile = [{ ...base, register: { server: 'a.example', username: 'u', passwordFile: 'secret' } }];
  const { warnings } = await written(byFile, 0o644);
  expect(warnings).toEqual([expect.stringMatching(/secret holds a password/)]);
  expect(warnings.join()).not.toContain('p4ss');
});

test('[TRK2] keys in the clear and certificates that nobody looks at are warned of', async () => {
  const { warnings } = await written([
    { ...base, outbound: { host: 'a.example', transport: 'udp' }, srtp: 'required', tls: { verify: false } },
  ]);
  expect(warnings).toEqual([expect.stringMatching(/tls\.verify is off/), expect.stringMatching(/in the clear/)]);
});
