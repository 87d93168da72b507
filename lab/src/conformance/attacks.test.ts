/**
 * The house under attack while people talk: tools that look for telephone systems, and floods of every kind that reaches a port
 * of ours. docs/reference/attacks.md says which row of the attack table each of these is.
 */
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cut } from '../peers/correlate.js';
import { flood, type Flooded } from '../peers/flood.js';
import { longestGapMs } from '../peers/gaps.js';
import { missing, run, sleep } from '../peers/process.js';
import { parseWav, readWav } from '../peers/wav.js';
import { missingStage, stage, type AnsweredCall } from './stage.js';

/**
 * The demo's trunk is the whole of loopback. This part of it belongs to a trunk that has to show a certificate, so that over UDP
 * and TCP whoever speaks from there is a stranger: on every machine alike, with whatever addresses it has.
 */
const stranger = '127.0.77.7';
const elsewhere = {
  id: 'tk_elsewhere',
  name: 'Nobody comes from there',
  inbound: { addresses: ['127.0.77.0/24'], tls: { subject: 'nobody.test' } },
};
const absent = missingStage() ?? missing('svmap', 'svwar', 'svcrack');

describe.skipIf(absent)(`under attack${absent ? ` (${absent})` : ''}`, () => {
  const on = stage(undefined, async () => [elsewhere]);
  const target = () => ({ host: '127.0.0.1', port: on.system.sipPort, number: on.companyNumber().number });

  /** Both directions of a call that stood all the while: what the customer sent is on record, what was sent to them was heard. */
  async function unharmed({ phone, agent, begun }: AnsweredCall): Promise<void> {
    await phone.hangUp();
    await phone.event('CALL_CLOSED');
    await agent.saveWrapUp();
    const all = await on.admin.conversations(begun - 50);
    const record = all.find((one) => one.talkMs > 0);
    const [left, right] = parseWav(await on.finishedRecording(record!.id)).channels;
    const whole = left!.length / 8000;
    const inward = longestGapMs(cut(left!, 8000, 1, whole - 1), readWav(phone.sent()[0]!).channels[0]!);
    const outward = longestGapMs(cut(readWav(phone.heard()[0]!).channels[0]!, 8000, 1, whole - 1), right!);
    process.stdout.write(`    longest gap: from the customer ${inward} ms, to the customer ${outward} ms\n`);
    expect.soft(inward, 'from the customer').toBeLessThanOrEqual(60);
    expect.soft(outward, 'to the customer').toBeLessThanOrEqual(60);
    expect(agent.problems).toEqual([]);
  }

  const say = (what: string, { sent, bytesOut, bytesIn, answers }: Flooded) =>
    process.stdout.write(`    ${what}: ${sent} sent, ${bytesOut} B out, ${bytesIn} B in, ${JSON.stringify(answers)}\n`);

  /** Sends to the SIP port from an address; what came back within `ms`. */
  async function probe(from: string, messages: string[], ms = 700): Promise<string[]> {
    const socket = createSocket('udp4');
    const heard: string[] = [];
    socket.on('message', (bytes) => void heard.push(bytes.toString('latin1')));
    await new Promise<void>((resolve) => socket.bind(0, from, resolve));
    for (const text of messages) {
      socket.send(text.replaceAll('PORT', String(socket.address().port)), on.system.sipPort, '127.0.0.1');
      await sleep(30);
    }
    await sleep(ms);
    socket.close();
    return heard;
  }
  const question = (method: string, user: string, from: string, n: number) =>
    [
      `${method} sip:${user}@127.0.0.1 SIP/2.0`,
      `Via: SIP/2.0/UDP ${from}:PORT;branch=z9hG4bKprobe${method}${String(n).padStart(4, '0')}`,
      'Max-Forwards: 70',
      `From: <sip:${user}@${from}>;tag=probe`,
      `To: <sip:${user}@127.0.0.1>`,
      `Call-ID: probe${String(n).padStart(4, '0')}@${from}`,
      `CSeq: 1 ${method}`,
      `Contact: <sip:${user}@${from}:PORT>`,
      'User-Agent: a-rather-long-name-so-that-a-refusal-is-no-longer-than-the-question',
      ...(method === 'REGISTER' ? ['Expires: 60'] : []),
      'Content-Length: 0\r\n\r\n',
    ].join('\r\n');
  /** An answer without what is the question's own. */
  const bare = (text: string) =>
    text.replace(/^(Via|From|To|Call-ID|Contact):[^\r]*\r\n/gim, '').replace(/;tag=[^;\r]*/g, '');

  test('sipvicious finds nobody, is answered alike and logged once, and a call does not notice', async () => {
    const call = await on.answeredCall(0);
    const folder = mkdtempSync(join(tmpdir(), 'denwaban-sipvicious-'));
    const scan = async (program: string, ...args: string[]) => {
      const child = run('nice', ['-n', '19', program, ...args], { cwd: folder, env: { ...process.env, HOME: folder } });
      const impatient = setTimeout(() => void child.stop(500), 12_000);
      await child.exited;
      clearTimeout(impatient);
      return child.log();
    };
    try {
      const port = String(on.system.sipPort);
      const from = ['-b', stranger, '-x', stranger];
      const scanned = [
        await scan('svmap', ...from, '-P', '6201', '-p', port, '127.0.0.1'),
        await scan('svmap', ...from, '-P', '6202', '-p', port, '-m', 'INVITE', '127.0.0.1'),
        await scan(
          'svwar',
          ...from,
          '-P',
          '6203',
          '-p',
          port,
          '-e',
          '100-112',
          '-m',
          'REGISTER',
          '--force',
          '127.0.0.1',
        ),
        await scan('svwar', ...from, '-P', '6204', '-p', port, '-e', '100-112', '-m', 'INVITE', '--force', '127.0.0.1'),
        await scan('svcrack', ...from, '-P', '6205', '-p', port, '-u', '100', '-r', '1-12', '127.0.0.1'),
        // From a trunk's own address, so that the house answers: still nobody lives there.
        await scan(
          'svwar',
          '-b',
          '127.0.0.9',
          '-x',
          '127.0.0.9',
          '-P',
          '6206',
          '-p',
          port,
          '-e',
          '100-112',
          '-m',
          'REGISTER',
          '127.0.0.1',
        ),
        await scan(
          'svcrack',
          '-b',
          '127.0.0.9',
          '-x',
          '127.0.0.9',
          '-P',
          '6207',
          '-p',
          port,
          '-u',
          '100',
          '-r',
          '1-12',
          '127.0.0.1',
        ),
      ];
      for (const output of scanned.slice(2)) {
        expect.soft(output).not.toMatch(/\|\s*1\d\d\s*\|/); // an extension in their table
        expect.soft(output).not.toMatch(/password for|The password/i);
      }
      // svmap tells a refusal from silence; it may learn that SIP is spoken here, but not by whom.
      for (const output of scanned) expect.soft(output).not.toMatch(/denwaban/i);

      const lines = on.system
        .log()
        .split('\n')
        .filter((line) => line.includes('unknown source') && line.includes(stranger));
      expect(lines).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    await unharmed(call);
  });

  test('whoever is asked after, who exists and who does not, the answer is the same to the byte', async () => {
    const { number } = on.companyNumber();
    const users = [number, '+81450009999', '100', 'anna', 'nobody', '00001'];
    for (const method of ['REGISTER', 'OPTIONS', 'SUBSCRIBE', 'MESSAGE']) {
      const heard = await probe(
        '127.0.0.9',
        users.map((user, n) => question(method, user, '127.0.0.9', n)),
      );
      expect(heard, method).toHaveLength(users.length);
      expect(new Set(heard.map(bare)), method).toHaveLength(1);
      expect(heard[0], method).not.toMatch(/^(www|proxy)-authenticate:/im);
    }
    // A stranger hears the one 403, of no more bytes than it sent, a few times, and then nothing.
    const asked = users.concat(users, users).map((user, n) => question('REGISTER', user, stranger, n));
    const told = await probe(stranger, asked);
    expect(told.length).toBeLessThan(asked.length / 2);
    for (const text of told) expect(text).toMatch(/^SIP\/2\.0 403 /);
    expect(new Set(told.map(bare)).size).toBeLessThanOrEqual(1);
  });

  test('floods of SIP, RTP and HTTP leave the audio of a call without a gap over 60 ms', async () => {
    const call = await on.answeredCall(1);
    const seconds = 4;
    const nobody = await flood('sip', { ...target(), bind: stranger, method: 'INVITE', perSecond: 3_000, seconds });
    say('INVITEs of a stranger', nobody);
    expect(nobody.sent).toBeGreaterThan(3_000);
    expect(nobody.bytesIn).toBeLessThan(nobody.bytesOut / 20);
    expect(Object.keys(nobody.answers).filter((status) => status !== '403')).toEqual([]);

    const scan = await flood('sip', { ...target(), bind: '127.0.0.9', method: 'OPTIONS', perSecond: 1_500, seconds });
    say('OPTIONS of a trunk', scan);

    const [first, last] = on.system.rtpPorts;
    const ports = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    const noise = await flood('rtp', { host: '127.0.0.1', bind: stranger, ports, perSecond: 8_000, seconds });
    say('RTP of nobody', noise);
    expect(noise.sent).toBeGreaterThan(8_000);
    expect(noise.bytesIn, 'nothing is sent back').toBe(0);

    const web = await flood('http', { host: '127.0.0.1', port: on.system.httpPort, perSecond: 200, seconds });
    say('HTTP', web);
    expect(web.answers['GET /api/v1/live 101'] ?? 0).toBe(0);
    expect(web.answers['POST /api/v1/session 200'] ?? 0).toBe(0);
    await unharmed(call);
  });

  test('more calls of a trunk than the house has lines for: 503 with Retry-After, and the call before them goes on', async () => {
    const call = await on.answeredCall(2);
    const many = await flood('sip', { ...target(), bind: '127.0.0.9', method: 'INVITE', perSecond: 200, seconds: 4 });
    say('INVITEs of a trunk', many);
    expect(many.answers['503 Retry-After'] ?? 0).toBeGreaterThan(many.sent / 2);
    expect(many.answers['500'] ?? 0).toBe(0);
    await unharmed(call);
    expect((await on.system.health())?.status).toBe('ok');
  });
});
