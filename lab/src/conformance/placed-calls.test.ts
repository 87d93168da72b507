/** Calls that agents place, by trunks whose far end is sipp: refusals, races, other trunks, and what happens within the call. */
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { describe, expect, test } from 'vitest';
import { freePorts } from '../peers/ports.js';
import { missing, sleep, until } from '../peers/process.js';
import { carrierStage } from './carrier-stage.js';
import { called, calling, expects, maybe, mustSay, pause, plays, reply } from './sipp-scenario.js';

const absent = missing('sipp');
const callee = '+81398765432';
const { answers, asks, invite } = called;
const bye = [expects('BYE'), reply(200)];
const line = (request: string | undefined, name: string): string | undefined =>
  new RegExp(`^${name}: *(.*?)\\r?$`, 'im').exec(request ?? '')?.[1];
const first = (request: string | undefined): string => request?.split(/\r?\n/)[0] ?? '';

describe.skipIf(absent)(`calls of agents by sipp’s trunks${absent ? ` (${absent})` : ''}`, () => {
  const on = carrierStage(21_200);

  /** Somewhere nobody is, and what is sent there all the same. */
  async function nobody() {
    const port = await freePorts('sip');
    const got: string[] = [];
    const socket = createSocket('udp4').on('message', (bytes) => got.push(bytes.toString('latin1')));
    await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
    on.closing(() => socket.close());
    return { port, got };
  }

  test('[OUT11] what each refusal is told as; a redirection is followed by nobody', async () => {
    const elsewhere = await nobody();
    const told = {
      ...{ 486: 'busy', 600: 'busy', 408: 'no-answer', 480: 'no-answer', 603: 'declined', 607: 'declined' },
      ...{ 404: 'unknown-number', 410: 'unknown-number', 484: 'unknown-number', 604: 'unknown-number' },
      ...{ 302: 'unreachable', 305: 'unreachable', 401: 'unreachable', 403: 'unreachable', 488: 'unreachable' },
      ...{ 500: 'unreachable', 503: 'unreachable', 606: 'unreachable' },
    };
    const all = Object.keys(told);
    // The last three figures of the number say what it is answered with.
    const asked = all.map((code) => `<ereg regexp="sip:[^@]*0${code}@" search_in="msg" assign_to="is${code}"/>`);
    const steps = [
      ...[invite(asked), answers(180, 'r')],
      ...all.map((code) => `<nop next="say${code}" test="is${code}"/>`),
      ...all.flatMap((code) => [
        `<label id="say${code}"/>`,
        answers(Number(code), 'r', { headers: ['Retry-After: 60'] }, ' next="over"').replace(
          /Contact: .*/,
          `Contact: <sip:+99990000@127.0.0.1:${elsewhere.port}>`,
        ),
      ]),
      ...['<label id="over"/>', expects('ACK')],
    ];
    const carrier = await on.carrier('refuses', steps, all.length);
    await on.open([on.trunk('tk_carrier', carrier.port)]);
    const calls = [];
    for (const code of all) calls.push({ code, call: await on.place(`+81398760${code}`) });
    await Promise.all(calls.map(({ call }) => call.event('leg.ended')));
    await carrier.fine();
    expect(Object.fromEntries(calls.map(({ code, call }) => [code, call.told().at(-1)]))).toEqual(
      Object.fromEntries(Object.entries(told).map(([code, cause]) => [code, `ended ${cause}`])),
    );
    expect(elsewhere.got).toEqual([]);
    expect(carrier.heard('INVITE')).toHaveLength(all.length);
  });

  test('[OUT10] a CANCEL that crosses the 200: it is acknowledged and ended, and nobody is left in a call', async () => {
    const steps = [invite(), answers(180, 'a'), expects('CANCEL'), reply(200)];
    const late = [answers(200, 'a', { sdp: true }), expects('ACK'), ...bye];
    const carrier = await on.carrier('crosses', [...steps, ...late], 5);
    await on.open([on.trunk('tk_carrier', carrier.port)]);
    const calls = [];
    for (let n = 0; n < 5; n++) calls.push(await on.place(callee));
    for (const call of calls) await call.event('leg.ringing');
    for (const call of calls) call.hangUp();
    await carrier.fine();
    for (const call of calls) {
      expect(call.told()).toEqual(['ringing']);
      expect(await call.listensFor(200)).toEqual(['silence']);
    }
    expect(on.exchange.health()).toMatchObject({ legs: 0, dialogs: 0 });
  });

  test('it rings at two places and both answer: the first is talked to, the second acknowledged and ended', async () => {
    const early = [answers(183, 'a', { sdp: true }), answers(183, 'b', { sdp: 'stream' }), plays(on.network)];
    const tagged = (tag: string) => [expects('BYE', [mustSay(`;tag=${tag}`, 'To', 'place')]), reply(200)];
    const steps = [
      ...[invite(), ...early, pause(800)],
      ...[answers(200, 'b', { sdp: 'stream' }), expects('ACK')],
      ...[answers(200, 'a', { sdp: true }), expects('ACK'), ...tagged('a')],
      ...tagged('b'),
    ];
    const carrier = await on.carrier('forks', steps);
    await on.open([on.trunk('tk_carrier', carrier.port)]);
    const call = await on.place(callee);
    await call.hears('person');
    await call.join();
    await until('the BYE of the second', () => carrier.heard('BYE').length === 1);
    expect(new Set(await call.listensFor(1_000))).toEqual(new Set(['person']));
    call.hangUp();
    await carrier.fine();
    expect(call.told()).toEqual(['ringing early', 'answered', 'joined']);
  });

  describe('[TRK11] the first trunk is down', () => {
    const answering = [invite(), answers(200, 'a', { sdp: true }), expects('ACK'), ...bye];
    const refusing = (status: number, headers: string[] = []) => [
      ...[invite(), answers(status, 'x', { headers }), expects('ACK')],
    ];
    const challenge = 'WWW-Authenticate: Digest realm="carrier", nonce="a1b2c3", algorithm=MD5, qop="auth"';
    const account = { username: 'us', password: 'wrong', realm: null };

    test.each([
      ['says 503', refusing(503, ['Retry-After: 30']), 1, 2_000],
      ['takes nothing that it offers', refusing(488), 1, 2_000],
      ['does not know the password', [...refusing(401, [challenge]), ...refusing(401, [challenge])], 1, 2_000],
      ['says nothing', null, 0, 9_500],
      ['cannot be reached over TCP', null, 0, 2_000],
    ])(
      'it %s: the second has the call, with its own caller ID and way to write a number',
      async (what, steps, n, ms) => {
        const good = await on.carrier('second', answering);
        const bad = steps === null ? await nobody() : await on.carrier('first', steps, n);
        const transport = what.includes('TCP') ? 'tcp' : 'udp';
        const server = { host: '127.0.0.1', port: bad.port, transport } as const;
        const national = { countryCode: '81', internationalPrefix: '010' };
        await on.open([
          on.trunk('tk_first', bad.port, { server, account, callerId: '+81311111111' }),
          on.trunk(
            'tk_second',
            good.port,
            { callerId: '0322222222', callerIdHeader: 'both', numberFormat: national },
            { priority: 20 },
          ),
        ]);
        const begun = Date.now();
        const call = await on.place(callee);
        await call.event('leg.answered', 40_000);
        expect(Date.now() - begun).toBeLessThan(ms);
        call.hangUp();
        await good.fine();
        const [asked] = good.heard('INVITE');
        expect(first(asked)).toBe(`INVITE sip:0398765432@127.0.0.1 SIP/2.0`);
        expect(line(asked, 'From')).toMatch(/^<sip:0322222222@127\.0\.0\.1>;tag=/);
        expect(line(asked, 'P-Asserted-Identity')).toBe('<sip:0322222222@127.0.0.1>');
        if ('fine' in bad) {
          await bad.fine();
          for (const one of bad.heard('INVITE')) {
            expect(first(one)).toBe(`INVITE sip:+81398765432@127.0.0.1 SIP/2.0`);
            expect(line(one, 'From')).toMatch(/^<sip:\+81311111111@/);
          }
        }
      },
    );
  });

  test(
    '[TRK11] a trunk that wakes up after it was given up: no second phone rings, and nobody is left in a call',
    { retry: 0 },
    async () => {
      const [slow, good] = [
        await on.carrier('slow', [
          ...[invite(), pause(12_000), answers(180, 'late'), expects('CANCEL'), reply(200)],
          ...[answers(200, 'late', { sdp: true }), expects('ACK'), ...bye],
        ]),
        await on.carrier('good', [
          invite(),
          answers(200, 'a', { sdp: 'stream' }),
          plays(on.network),
          expects('ACK'),
          ...bye,
        ]),
      ];
      await on.open([on.trunk('tk_slow', slow.port), on.trunk('tk_good', good.port, {}, { priority: 20 })]);
      const call = await on.place(callee);
      // It is given up after 8 s, and wakes up 4 s later.
      await call.event('leg.answered', 11_500);
      await call.join();
      await slow.fine();
      expect(new Set(await call.listensFor(1_000))).toEqual(new Set(['person']));
      call.hangUp();
      await good.fine();
      expect(call.told()).toEqual(['answered', 'joined']);
    },
  );

  test('[TRK11] a trunk that asks to be left alone comes last for as long as it says', async () => {
    const [busy, free] = [
      await on.carrier('busy', [invite(), answers(503, 'x', { headers: ['Retry-After: 3'] }), expects('ACK')], 2),
      await on.carrier('free', [invite(), answers(486, 'x'), expects('ACK')], 3),
    ];
    await on.open([on.trunk('tk_busy', busy.port), on.trunk('tk_free', free.port, {}, { priority: 20 })]);
    const asked: number[] = [];
    for (const waitMs of [0, 0, 3_000]) {
      await sleep(waitMs);
      await (await on.place(callee)).event('leg.ended');
      asked.push(busy.heard('INVITE').length);
    }
    await Promise.all([busy.fine(), free.fine()]);
    expect(asked).toEqual([1, 1, 2]);
  });

  test('an INVITE with Replaces from an address of two trunks takes the place of the call that it names', async () => {
    const inbound = { addresses: ['127.0.0.1'] };
    const carrier = await on.carrier('replaced', [invite(), answers(200, 'a', { sdp: true }), expects('ACK'), ...bye]);
    await on.open([
      on.trunk('tk_first', carrier.port, {}, { inbound }),
      on.trunk('tk_moves', carrier.port, {}, { inbound, transfers: true }),
    ]);
    const call = await on.place(callee, 'tk_moves');
    await call.join();
    await call.hears('silence');
    const dialog = on.exchange.dialogOf(call.leg);
    const replaces = `Replaces: ${dialog?.callId};to-tag=${dialog?.localTag};from-tag=${dialog?.remoteTag}`;
    const next = await on.carrier(
      'replacing',
      [
        calling.asks('INVITE', 1, { sdp: 'stream', headers: ['Require: replaces', replaces] }),
        ...[maybe(100), expects(200), calling.asks('ACK', 1), plays(on.network), pause(2_500)],
        ...[calling.asks('BYE', 2), expects(200)],
      ],
      1,
      [`127.0.0.1:${on.sipPort}`, '-s', '0312345678'],
    );
    await carrier.fine();
    await call.hears('person');
    await next.fine();
    await call.event('leg.ended');
    expect(call.told()).toEqual(['answered', 'joined', 'moved', 'ended hung-up']);
  });

  test('caller ID stands where each trunk wants it', async () => {
    const headers = ['from', 'pai', 'ppi', 'both'] as const;
    const carrier = await on.carrier(
      'caller-id',
      [invite(), answers(200, 'a', { sdp: true }), expects('ACK'), ...bye],
      4,
    );
    const account = { username: 'account', password: 'x', realm: null };
    const callerId = '+81312345678';
    await on.open(
      headers.map((callerIdHeader) =>
        on.trunk(`tk_${callerIdHeader}`, carrier.port, { callerId, callerIdHeader, account }),
      ),
    );
    for (const one of headers) {
      const call = await on.place(callee, `tk_${one}`);
      await call.event('leg.answered');
      call.hangUp();
    }
    await carrier.fine();
    const seen = carrier.heard('INVITE').map((request) => ({
      from: /sip:([^@]+)@/.exec(line(request, 'From') ?? '')?.[1],
      pai: line(request, 'P-Asserted-Identity'),
      ppi: line(request, 'P-Preferred-Identity'),
    }));
    const identity = '<sip:+81312345678@127.0.0.1>';
    expect(seen).toEqual([
      { from: '+81312345678', pai: undefined, ppi: undefined },
      { from: 'account', pai: identity, ppi: undefined },
      { from: 'account', pai: undefined, ppi: identity },
      { from: '+81312345678', pai: identity, ppi: undefined },
    ]);
  });

  test('a password asked for at the INVITE, by MD5 and by SHA-256, is what each hash makes of it', async () => {
    const account = { username: 'us', password: 'secret', realm: null };
    const asked = (status: number, name: string, algorithm: string) =>
      answers(status, 'c', {
        headers: [`${name}: Digest realm="carrier", nonce="n0", algorithm=${algorithm}, qop="auth"`],
      });
    const accepts = [answers(200, 'a', { sdp: true }), expects('ACK'), ...bye];
    const md5 = await on.carrier('md5', [
      ...[invite(), asked(407, 'Proxy-Authenticate', 'MD5'), expects('ACK')],
      ...[invite(['<verifyauth assign_to="ok" username="us" password="secret"/>']), ...accepts],
    ]);
    const sha = await on.carrier('sha', [
      ...[invite(), asked(401, 'WWW-Authenticate', 'SHA-256'), expects('ACK'), invite(), ...accepts],
    ]);
    await on.open([on.trunk('tk_md5', md5.port, { account }), on.trunk('tk_sha', sha.port, { account })]);
    for (const [trunk, carrier, hash, header] of [
      ['tk_md5', md5, 'md5', 'Proxy-Authorization'],
      ['tk_sha', sha, 'sha256', 'Authorization'],
    ] as const) {
      const call = await on.place(callee, trunk);
      await call.event('leg.answered');
      call.hangUp();
      await carrier.fine();
      const [before, after] = carrier.heard('INVITE');
      expect(line(before, header)).toBeUndefined();
      const said = line(after, header) ?? '';
      const field = (name: string) => new RegExp(`\\b${name}="?([^",]+)`).exec(said)?.[1] ?? '';
      const h = (text: string) => createHash(hash).update(text).digest('hex');
      const [ha1, ha2] = [h('us:carrier:secret'), h(`INVITE:${field('uri')}`)];
      expect(field('response')).toBe(h(`${ha1}:n0:${field('nc')}:${field('cnonce')}:auth:${ha2}`));
      expect(said).not.toContain('secret');
    }
  });

  test('who was called moves their audio, holds and resumes: each is answered, and heard', async () => {
    const again = (cseq: number, direction: string, ours: string) => [
      asks('INVITE', 'a', cseq, { sdp: 'stream', sdpLines: [`a=${direction}`] }),
      maybe(100),
      expects(200, [`<ereg regexp="a=${ours}" search_in="body" check_it="true" assign_to="direction"/>`]),
      asks('ACK', 'a', cseq),
    ];
    const steps = [
      ...[invite(), answers(200, 'a', { sdp: true }), expects('ACK'), pause(1_000)],
      ...[...again(1, 'sendrecv', 'sendrecv'), plays(on.network), pause(1_500)],
      ...[plays('pause'), ...again(2, 'sendonly', 'recvonly'), pause(1_500)],
      ...[...again(3, 'inactive', 'inactive'), pause(500)],
      ...[...again(4, 'sendrecv', 'sendrecv'), plays('resume'), pause(1_500)],
      ...[asks('BYE', 'a', 5), expects(200)],
    ];
    const carrier = await on.carrier('holds', steps);
    await on.open([on.trunk('tk_carrier', carrier.port)]);
    const call = await on.place(callee);
    await call.join();
    await call.hears('person');
    await call.hears('silence');
    await call.hears('person');
    await call.event('leg.ended');
    await carrier.fine();
    expect(call.told()).toEqual(['answered', 'joined', 'ended hung-up']);
    expect(on.complaints).toEqual([]);
  });

  test('session timers: we refresh where that is ours to do, and end the call that they do not refresh', async () => {
    const answered = (refresher: string, more: string[]) => [
      invite([mustSay('timer', 'Supported', 'supported'), mustSay('[0-9]+', 'Session-Expires', 'expires')]),
      answers(200, 'a', {
        sdp: true,
        headers: [
          'Allow: INVITE, ACK, BYE, CANCEL, UPDATE',
          'Require: timer',
          `Session-Expires: 90;refresher=${refresher}`,
        ],
      }),
      expects('ACK'),
      ...more,
      ...bye,
    ];
    const refreshed = ['Require: timer', 'Session-Expires: 90;refresher=uac'];
    const [ours, theirs] = [
      await on.carrier('we-refresh', answered('uac', [expects('UPDATE'), reply(200, { headers: refreshed })])),
      await on.carrier('they-do-not', answered('uas', [])),
    ];
    await on.open([on.trunk('tk_ours', ours.port), on.trunk('tk_theirs', theirs.port)]);
    const [kept, lost] = [await on.place(callee, 'tk_ours'), await on.place(callee, 'tk_theirs')];
    await Promise.all([kept.join(), lost.join()]);
    const begun = Date.now();
    await until('our refresh', () => ours.heard('UPDATE').length === 1, { withinMs: 50_000, everyMs: 250 });
    expect(Date.now() - begun).toBeGreaterThan(43_000);
    await lost.event('leg.ended', 30_000);
    expect(Date.now() - begun).toBeGreaterThan(58_000);
    kept.hangUp();
    await Promise.all([ours.fine(), theirs.fine()]);
    expect(kept.told()).toEqual(['answered', 'joined']);
    expect(lost.told()).toEqual(['answered', 'joined', 'ended failed']);
  });

  test('[TRK17] `national` on the wire: inside the country with 0, abroad with the way out, and no way around it', async () => {
    const carrier = await on.carrier('national', [invite(), answers(486, 'a'), expects('ACK')], 2);
    const numberFormat = { countryCode: '81', internationalPrefix: '010' };
    await on.open([on.trunk('tk_carrier', carrier.port, { numberFormat })]);
    const calls = [];
    for (const to of ['+81312345678', '+14155550100', '+811014155550100']) calls.push(await on.place(to));
    for (const call of calls) await call.event('leg.ended');
    await carrier.fine();
    expect(calls.map((call) => call.told().at(-1))).toEqual(['ended busy', 'ended busy', 'ended unknown-number']);
    expect(carrier.heard('INVITE').map((request) => /sip:([^@]+)@/.exec(first(request))?.[1])).toEqual([
      ...['0312345678', '01014155550100'],
    ]);
  });
});
