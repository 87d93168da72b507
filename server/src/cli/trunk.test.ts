/** The doctor against far ends of a few lines. lab's conformance tests have the real peers. */
import { createSocket, type Socket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { doctorWords, lineOf } from '../trunks/doctor-words.js';
import { runTrunk } from './trunk.js';

const port = 6016;
let folder: string;
const closing: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'denwaban-doctor-'));
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await rm(folder, { recursive: true, force: true });
});

async function report(trunk: object | null, ...args: string[]): Promise<{ code: number; lines: string }> {
  const file = path.join(folder, 'trunks.json');
  if (trunk !== null) await writeFile(file, JSON.stringify([{ id: 'tk_a', name: 'A', ...trunk }]), { mode: 0o600 });
  const lines: string[] = [];
  const code = await runTrunk(
    ['doctor', ...args],
    { DENWABAN_DATA_DIR: folder, LANG: 'en_US' },
    (line) => void lines.push(line),
  );
  return { code, lines: lines.join('\n') };
}

/** Answers each request with the status of its method: a carrier in one line. */
async function carrier(statuses: Record<string, string>): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => {
    const text = bytes.toString('latin1');
    const method = /^[A-Z]+/.exec(text)?.[0] ?? '';
    const copied = text.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
    const status = statuses[method];
    if (status === undefined) return;
    const tagged = copied.map((line) => (line.startsWith('To:') && !line.includes('tag=') ? `${line};tag=far` : line));
    const asks = status.startsWith('401') ? ['WWW-Authenticate: Digest realm="c", nonce="n", qop="auth"'] : [];
    const answer = [`SIP/2.0 ${status}`, ...tagged, ...asks, 'Content-Length: 0', '', ''].join('\r\n');
    socket.send(answer, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
  closing.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  return socket;
}
const outbound = { outbound: { host: '127.0.0.1', port } };
const register = { register: { server: '127.0.0.1', port, username: '100', password: 'hush' } };

test('[TRK16] the words are there in both languages, and name only what a finding tells', () => {
  for (const [code, words] of Object.entries(doctorWords)) {
    const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).toSorted();
    expect([...new Set(blanks(words.ja))], code).toEqual([...new Set(blanks(words.en))]);
  }
  const facts = { host: 'a', status: 404, reason: 'x\u001b[2Jy' };
  expect(lineOf({ code: 'options-refused', grade: 'note', facts }, 'en')).not.toContain('\u001b');
});

test('[TRK16] a trunk that is well', async () => {
  await carrier({ OPTIONS: '200 OK', REGISTER: '200 OK' });
  const { code, lines } = await report({ ...outbound, ...register });
  expect(lines).toMatch(/✓ 127\.0\.0\.1 answers OPTIONS \(200\)/);
  expect(lines).toMatch(/✓ 127\.0\.0\.1 accepts the password/);
  expect(lines).toContain('Nothing is wrong');
  expect(code).toBe(0);
  expect(lines).not.toContain('hush');
});

test.each([
  [
    'a wrong password',
    register,
    { OPTIONS: '200 OK', REGISTER: '401 Unauthorized' },
    /does not accept the password \(401\)/,
  ],
  ['a forbidden registration', register, { OPTIONS: '200 OK', REGISTER: '403 Forbidden' }, /forbids the registration/],
  ['an unknown account', register, { OPTIONS: '200 OK', REGISTER: '404 Not Found' }, /does not know the account/],
  ['another refusal', register, { OPTIONS: '200 OK', REGISTER: '500 Oops' }, /answers REGISTER with 500 Oops/],
  ['a name without a place', { outbound: { host: 'nowhere.invalid' } }, {}, /nowhere\.invalid leads nowhere/],
  [
    'a port that nobody listens at',
    { outbound: { host: '127.0.0.1', port: 6017, transport: 'tcp' } },
    {},
    /refuses connections/,
  ],
] as const)('[TRK16] %s is said in words', async (_, trunk, statuses, words) => {
  await carrier(statuses);
  const { code, lines } = await report(trunk);
  expect(lines).toMatch(words);
  expect(lines).toContain('1 thing(s) to mend');
  expect(code).toBe(1);
});

test('[TRK16] OPTIONS that is refused is no fault, OPTIONS that is swallowed is', async () => {
  await carrier({ OPTIONS: '403 Forbidden' });
  expect((await report(outbound)).lines).toMatch(/· .*refuses OPTIONS \(403 Forbidden\)/);
  await closing.pop()?.();
  await carrier({});
  const { code, lines } = await report(outbound);
  expect(lines).toMatch(/✗ 127\.0\.0\.1 does not answer OPTIONS/);
  expect(code).toBe(1);
});

test('[TRK16] what speaks no TLS where TLS is expected is said', async () => {
  const server: Server = createServer(
    (socket) =>
      void socket
        .on('error', () => {})
        .resume()
        .end('no TLS here'),
  );
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const { lines } = await report({ outbound: { ...outbound.outbound, transport: 'tls' } });
  expect(lines).toMatch(/✗ No TLS with 127\.0\.0\.1:6016/);
});

test.each([
  ['488 Not Acceptable Here', /no codec in common/],
  ['403 Forbidden', /is forbidden \(403\)\. Often the caller ID/],
  ['401 Unauthorized', /outbound\.username/],
  ['486 Busy Here', /ended as refused \(486\)/],
])('[TRK16] a test call that is answered %s is explained', async (status, words) => {
  await carrier({ OPTIONS: '200 OK', INVITE: status });
  const { code, lines } = await report(outbound, '--call', '0312345678');
  expect(lines).toMatch(words);
  expect(code).toBe(1);
});

test('[TRK16] Japanese, an unknown trunk, a bad file and a bad word of command', async () => {
  await carrier({ OPTIONS: '200 OK' });
  expect((await report(outbound, '--lang', 'ja')).lines).toContain('ここから確認できる範囲では問題ありません');
  expect((await report(outbound, 'tk_b')).code).toBe(2);
  expect(await report({ outbound: { host: 'a b' } })).toMatchObject({
    code: 1,
    lines: expect.stringMatching(/is neither an address/),
  });
  expect((await report(outbound, '--call', 'x')).lines).toContain('npm run trunk');
});
