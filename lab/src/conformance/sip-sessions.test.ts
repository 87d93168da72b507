/** Calls that we place, and what happens within calls, against sipp over real sockets. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createAutoAnswer,
  type AutoAnswer,
  type AutoAnswerOptions,
} from '../../../telephony/src/net/testing/auto-answer.js';
import { createSipEndpoint } from '../../../telephony/src/net/sip-endpoint.js';
import { offerSdp } from '../../../telephony/src/sdp/index.js';
import type { CallRequest, IncomingCall, OutgoingCall, SipEndpoint } from '../../../telephony/src/sip/contract.js';
import { called, calling, expects, maybe, mustSay, pause, reply, scenario } from './sipp-scenario.js';
import { hasSipp, runSipp, type SippResult } from './sipp.js';

const ourPort = 6710;
const farPort = 6711;
let cwd: string;
let endpoint: SipEndpoint | null = null;
let far: AutoAnswer | null = null;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'denwaban-sipp-'));
});
afterEach(async () => {
  await endpoint?.stop(1_000);
  await far?.endpoint.stop(1_000);
  endpoint = null;
  far = null;
  rmSync(cwd, { recursive: true, force: true });
});

interface Placed {
  call: OutgoingCall;
  told: string[];
  over: Promise<void>;
}

/** Sipp waits to be called. */
function answering(name: string, steps: readonly string[], calls = 1, args: string[] = []): Promise<SippResult> {
  const file = scenario(cwd, name, steps);
  return runSipp(['-sf', file, '-i', '127.0.0.1', '-p', String(farPort), '-m', String(calls), '-nd', ...args], {
    cwd,
    timeoutMs: 90_000,
  });
}

async function caller(): Promise<(onAnswered?: (call: OutgoingCall) => void, over?: Partial<CallRequest>) => Placed> {
  const complain = (_: object, what: string) => expect.fail(what);
  const made = createSipEndpoint({
    host: '127.0.0.1',
    port: ourPort,
    publicAddress: '127.0.0.1',
    userAgent: null,
    handlers: { trunkOf: () => 'test', onCall: () => expect.fail('nobody calls us here') },
    log: { debug() {}, info() {}, warn: complain, error: complain },
  });
  endpoint = made;
  await made.start();
  // Sipp has bound its port by then.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const ours = { address: '127.0.0.1', port: 20_000, sessionId: '1', version: 1 };
  return (onAnswered, over) => {
    const told: string[] = [];
    let done = (): void => {};
    const placed: Placed = { call: undefined as never, told, over: new Promise((resolve) => (done = resolve)) };
    placed.call = made.call(
      {
        trunk: 'test',
        hops: [{ transport: 'udp', address: '127.0.0.1', port: farPort, connection: null }],
        credentials: null,
        to: `sip:+81312345678@127.0.0.1:${farPort}`,
        from: 'sip:+81501112222@127.0.0.1',
        displayName: null,
        identity: null,
        withheld: false,
        offer: offerSdp(ours),
        ringMsMax: 60_000,
        ...over,
      },
      {
        onProgress: (status, early) => void told.push(`${status}${early === null ? '' : ' early media'}`),
        onAnswered: () => {
          told.push('answered');
          onAnswered?.(placed.call);
        },
        onEnded: (cause, status) => {
          told.push(status === null ? cause : `${cause} ${status}`);
          done();
        },
        onReoffer: () => (told.push('reoffer'), offerSdp({ ...ours, version: 2 })),
        onReoffered: (answer) => void told.push(answer === null ? 'reoffer refused' : 'reoffered'),
        onDigit: (digit) => void told.push(digit),
      },
    );
    return placed;
  };
}
const hangUp = (call: OutgoingCall): void => void setTimeout(() => call.hangUp('done'), 100);
const fine = (result: SippResult, calls = 1): void =>
  expect(result, result.output).toMatchObject({ code: 0, successful: calls, failed: 0 });
const bye = [expects('BYE'), reply(200)];

test.runIf(process.env.CI === 'true')('sipp is here to be tested against', () => {
  expect(hasSipp, 'sipp is missing: apt-get install sip-tester').toBe(true);
});

describe.skipIf(!hasSipp)('sipp is called (skipped where sip-tester is not installed)', () => {
  test.each([
    ['over UDP', 'u1', 'udp', []],
    ['over TCP', 't1', 'tcp', []],
    ['with a fifth of all messages lost', 'u1', 'udp', ['-lost', '20', '-max_non_invite_retrans', '20']],
  ] as const)('100 calls %s', async (_, mode, transport, args) => {
    const steps = [
      called.invite(),
      called.answers(180, 'a'),
      called.answers(200, 'a', { sdp: true }, ' retrans="500"'),
      expects('ACK', [], ' crlf="true"'),
      ...bye,
      pause(4_000),
    ];
    const result = answering('answer', steps, 100, ['-t', mode, ...args]);
    const place = await caller();
    const hops = [{ transport, address: '127.0.0.1', port: farPort, connection: null }] as const;
    const calls: Placed[] = [];
    for (let at = 0; at < 100; at++) {
      calls.push(place(hangUp, { hops }));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await Promise.all(calls.map(({ over }) => over));
    // With losses sipp may count a call as failed that was none: its own ACK or 200 never came.
    const ended = await result;
    if (args.length === 0) fine(ended, 100);
    for (const { told } of calls) expect(told.filter((word) => word !== '180')).toEqual(['answered', 'hung-up']);
    expect(endpoint?.counts.dialogs).toBe(0);
  });

  test('it asks for a password, and verifies the answer itself', async () => {
    const challenge = 'WWW-Authenticate: Digest realm="carrier", nonce="a1b2c3", algorithm=MD5, qop="auth"';
    const steps = [
      called.invite(),
      called.answers(401, 'c', { headers: [challenge] }),
      expects('ACK'),
      called.invite(['<verifyauth assign_to="valid" username="denwaban" password="secret"/>']),
      '<nop next="accept" test="valid"/>',
      called.answers(403, 'b'),
      expects('ACK', [], ' next="end"'),
      '<label id="accept"/>',
      called.answers(200, 'a', { sdp: true }),
      expects('ACK'),
      ...bye,
      '<label id="end"/>',
    ];
    const result = answering('auth', steps, 2);
    const place = await caller();
    const right = place(hangUp, { credentials: { username: 'denwaban', password: 'secret' } });
    const wrong = place(hangUp, { credentials: { username: 'denwaban', password: 'guess' } });
    await Promise.all([right.over, wrong.over]);
    fine(await result, 2);
    expect(right.told).toEqual(['answered', 'hung-up']);
    expect(wrong.told).toEqual(['refused 403']);
  });

  test('it rings at two places and both answer: the second is acknowledged and ended', async () => {
    const steps = [
      called.invite(),
      called.answers(180, 'a'),
      called.answers(183, 'b', { sdp: true }),
      pause(100),
      called.answers(200, 'b', { sdp: true }),
      expects('ACK'),
      called.answers(200, 'a', { sdp: true }),
      expects('ACK'),
      expects('BYE', [mustSay(';tag=a', 'To', 'place')]),
      reply(200),
      // The copy of an answer is acknowledged once more, and nothing else comes of it.
      called.answers(200, 'b', { sdp: true }),
      expects('ACK'),
      expects('BYE', [mustSay(';tag=b', 'To', 'place')]),
      reply(200),
    ];
    const result = answering('forked', steps, 10);
    const place = await caller();
    const calls = Array.from({ length: 10 }, () => place((call) => setTimeout(() => call.hangUp('done'), 1_000)));
    await Promise.all(calls.map(({ over }) => over));
    fine(await result, 10);
    for (const { told } of calls) expect(told).toEqual(['180', '183 early media', 'answered', 'hung-up']);
  });

  test('a CANCEL is answered 487; a 200 that crosses it is acknowledged and ended', async () => {
    const cancelled = [called.invite(), called.answers(180, 'a'), expects('CANCEL'), reply(200)];
    const result = answering('cancel', [...cancelled, called.answers(487, 'a'), expects('ACK')], 20);
    const place = await caller();
    const calls = Array.from({ length: 20 }, () => place());
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const { call } of calls) call.hangUp('enough');
    fine(await result, 20);
    for (const { told } of calls) expect(told).toEqual(['180', 'cancelled']);
    await endpoint?.stop(1_000);

    const late = answering('late', [...cancelled, called.answers(200, 'a', { sdp: true }), expects('ACK'), ...bye], 20);
    const placeAgain = await caller();
    const again = Array.from({ length: 20 }, () => placeAgain());
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const { call } of again) call.hangUp('enough');
    fine(await late, 20);
    for (const { told } of again) expect(told).toEqual(['180', 'cancelled']);
  });

  test('its reliable answers are acknowledged in order, and its 200 may leave out what they said', async () => {
    const reliable = (rseq: number) => ['Require: 100rel', `RSeq: ${rseq}`];
    const steps = [
      called.invite([mustSay('100rel', 'Supported', 'reliable')]),
      called.answers(180, 'a', { headers: reliable(41) }),
      expects('PRACK', [mustSay('41 [0-9]+ INVITE', 'RAck', 'rack')]),
      reply(200),
      called.answers(183, 'a', { headers: reliable(42), sdp: true }),
      expects('PRACK', [mustSay('42 [0-9]+ INVITE', 'RAck', 'rack')]),
      reply(200),
      // An old one again, as from a network that doubles: no third PRACK may come.
      called.answers(180, 'a', { headers: reliable(41) }),
      called.answers(200, 'a'),
      expects('ACK'),
      ...bye,
    ];
    const result = answering('prack', steps, 10);
    const place = await caller();
    const calls = Array.from({ length: 10 }, () => place(hangUp));
    await Promise.all(calls.map(({ over }) => over));
    fine(await result, 10);
    for (const { told } of calls) expect(told).toEqual(['180', '183 early media', 'answered', 'hung-up']);
  });

  test('both change the call at the same moment: 491 to each, and ours is tried again after 2.1 to 4 s', async () => {
    const steps = [
      called.invite(),
      called.answers(200, 'a', { sdp: true }),
      expects('ACK'),
      // Theirs goes out before they have looked at ours.
      called.asks('INVITE', 'a', 1, { sdp: true }),
      expects('INVITE', [
        '<ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via2"/>',
        '<ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq2"/>',
      ]),
      expects(491),
      called.asks('ACK', 'a', 1),
      called.answers(491, 'a').replace('[$via]', '[$via2]').replace('[$cseq]', '[$cseq2]'),
      expects('ACK'),
      pause(1_900),
      expects('INVITE', [], ' timeout="3000"'),
      reply(200, { sdp: true }),
      expects('ACK'),
      ...bye,
    ];
    const result = answering('glare', steps);
    const place = await caller();
    const one = place((call) => {
      call.reoffer(offerSdp({ address: '127.0.0.1', port: 20_000, sessionId: '1', version: 2 }));
      setTimeout(() => call.hangUp('done'), 5_000);
    });
    await one.over;
    fine(await result);
    expect(one.told).toEqual(['answered', 'reoffered', 'hung-up']);
  });

  test('it wants longer sessions (422), and gets them', async () => {
    const steps = [
      called.invite([mustSay('1800', 'Session-Expires', 'first')]),
      called.answers(422, 'a', { headers: ['Min-SE: 3600'] }),
      expects('ACK'),
      called.invite([mustSay('3600', 'Session-Expires', 'second'), mustSay('3600', 'Min-SE', 'least')]),
      called.answers(200, 'b', { sdp: true, headers: ['Session-Expires: 3600;refresher=uac', 'Require: timer'] }),
      expects('ACK'),
      ...bye,
    ];
    const result = answering('422', steps, 5);
    const place = await caller();
    const calls = Array.from({ length: 5 }, () => place(hangUp));
    await Promise.all(calls.map(({ over }) => over));
    fine(await result, 5);
    for (const { told } of calls) expect(told).toEqual(['answered', 'hung-up']);
  });
});

describe.skipIf(!hasSipp)('sipp calls (skipped where sip-tester is not installed)', () => {
  const invite = (headers: string[] = [], branch?: string) => calling.asks('INVITE', 1, { sdp: true, headers }, branch);
  const run = (name: string, steps: readonly string[], calls = 1, port = farPort): Promise<SippResult> => {
    const file = scenario(cwd, name, steps);
    const args = ['-sf', file, '-i', '127.0.0.1', '-p', String(port), '-s', 'echo', '-m', String(calls), '-nd'];
    return runSipp([`127.0.0.1:${ourPort}`, ...args], { cwd, timeoutMs: 90_000 });
  };
  async function answerer(answerAfterMs = 0, session: AutoAnswerOptions['session'] = () => ({})): Promise<AutoAnswer> {
    far = createAutoAnswer({ port: ourPort, answerAfterMs, session });
    await far.endpoint.start();
    return far;
  }

  test('requiring reliable answers: the 180 is numbered, its PRACK answered, a strange one refused with 481', async () => {
    const house = await answerer(2_500);
    const rack = '<ereg regexp="[0-9]+" search_in="hdr" header="RSeq:" check_it="true" assign_to="rseq"/>';
    const steps = [
      invite(['Require: 100rel']),
      maybe(100),
      expects(180, [rack]),
      // Its copies of the meantime are taken for what they are by sipp, and passed over.
      pause(1_000),
      calling.asks('PRACK', 2, { headers: ['RAck: 1 1 INVITE'] }),
      expects(481),
      calling.asks('PRACK', 3, { headers: ['RAck: [$rseq] 1 INVITE'] }),
      expects(200),
      expects(200),
      calling.asks('ACK', 1),
      calling.asks('BYE', 4),
      expects(200),
    ];
    fine(await run('reliable', steps, 10), 10);
    expect(house.ends).toEqual({ 'hung-up': 10, cancelled: 0, failed: 0 });
    expect(house.complaints).toEqual([]);
  });

  test('messages twice and in the wrong order: each is taken once, the late one refused', async () => {
    const house = await answerer();
    const steps = [
      calling.asks('INVITE', 1, { sdp: true }, 'z9hG4bKsame[call_number]', false),
      calling.asks('INVITE', 1, { sdp: true }, 'z9hG4bKsame[call_number]', false),
      maybe(100),
      maybe(180),
      expects(200, [], ' rrs="true"'),
      calling.asks('ACK', 1),
      calling.asks('ACK', 1),
      calling.asks('OPTIONS', 7),
      expects(200, [mustSay('7 OPTIONS', 'CSeq', 'seven')]),
      calling.asks('OPTIONS', 5),
      expects(500, [mustSay('5 OPTIONS', 'CSeq', 'five')]),
      calling.asks('BYE', 8),
      expects(200, [mustSay('8 BYE', 'CSeq', 'eight')]),
      // Of a call that is over nothing is known.
      calling.asks('OPTIONS', 9),
      expects(481),
    ];
    fine(await run('twice', steps, 20), 20);
    expect(house.counts).toMatchObject({ calls: 20, answered: 20, acknowledged: 20 });
    expect(house.ends).toEqual({ 'hung-up': 20, cancelled: 0, failed: 0 });
  });

  test('REFER is accepted, its course told by NOTIFY in order; without a floor that takes it on it is refused', async () => {
    const referred: string[] = [];
    const house = await answerer(0, () => ({
      onRefer({ target }, progress) {
        if (target.includes('nobody')) return false;
        referred.push(target);
        setTimeout(() => progress.tell(180, 'Ringing'), 100);
        setTimeout(() => progress.tell(200, 'OK'), 200);
        return true;
      },
    }));
    const notified = (words: string, state: string) => [
      expects('NOTIFY', [
        `<ereg regexp="${words}" search_in="body" check_it="true" assign_to="frag"/>`,
        mustSay(state, 'Subscription-State', 'state'),
        mustSay('refer', 'Event', 'event'),
      ]),
      reply(200),
    ];
    const steps = [
      invite(),
      maybe(100),
      maybe(180),
      expects(200),
      calling.asks('ACK', 1),
      calling.asks('REFER', 2, { headers: ['Refer-To: <sip:nobody@127.0.0.1>'] }),
      expects(403),
      calling.asks('REFER', 3, { headers: ['Refer-To: <sip:+81900000000@127.0.0.1>'] }),
      expects(202),
      ...notified('SIP/2.0 100 Trying', 'active'),
      ...notified('SIP/2.0 180 Ringing', 'active'),
      ...notified('SIP/2.0 200 OK', 'terminated'),
      calling.asks('BYE', 4),
      expects(200),
    ];
    fine(await run('refer', steps, 10), 10);
    expect(referred).toEqual(Array(10).fill('sip:+81900000000@127.0.0.1'));
    expect(house.ends).toEqual({ 'hung-up': 10, cancelled: 0, failed: 0 });
    expect(house.complaints).toEqual([]);
  });

  test('an INVITE with Replaces takes the place of the call it names, and of no other', async () => {
    let first: IncomingCall | undefined;
    const description = offerSdp({ address: '127.0.0.1', port: 20_000, sessionId: '1', version: 2 });
    const house = await answerer(0, (call) => {
      first ??= call;
      return {
        onReplaced(next) {
          next.answer(description);
          call.hangUp('replaced');
          return { onAnswered() {}, onAcknowledged() {}, onEnded() {}, onReoffer: () => null, onDigit() {} };
        },
      };
    });
    const setUp = [maybe(100), maybe(180), expects(200), calling.asks('ACK', 1)];
    const replaced = run('replaced', [invite(), ...setUp, ...bye]);
    while (house.counts.acknowledged === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const named = first?.snapshot();
    const replaces = (from: string) => [
      'Require: replaces',
      `Replaces: ${named?.callId};to-tag=${named?.localTag};from-tag=${from}`,
    ];
    fine(await run('stranger', [invite(replaces('guess')), expects(481), calling.asks('ACK', 1)], 1, farPort + 1));
    const steps = [invite(replaces(named?.remoteTag ?? '')), ...setUp, calling.asks('BYE', 2), expects(200)];
    fine(await run('replacing', steps, 1, farPort + 2));
    fine(await replaced);
    expect(house.ends).toEqual({ 'hung-up': 1, cancelled: 0, failed: 0 });
    expect(house.complaints).toEqual([]);
  });

  test('a session too short is refused; one that is not refreshed ends after 60 s; ours is refreshed after 45 s', async () => {
    const house = await answerer();
    const ack = calling.asks('ACK', 1);
    const tooShort = [
      invite(['Supported: timer', 'Session-Expires: 60']),
      maybe(100),
      expects(422, [mustSay('90', 'Min-SE', 'least')]),
      ack,
    ];
    fine(await run('short', tooShort));
    const answered = (refresher: string, allow: string) => [
      invite(['Supported: timer', `Session-Expires: 90;refresher=${refresher}`, allow]),
      maybe(100),
      maybe(180),
      expects(200, [mustSay(`90;refresher=${refresher}`, 'Session-Expires', 'timer')]),
      ack,
    ];
    const began = Date.now();
    const theirs = run('theirs', [...answered('uac', 'Allow: BYE'), ...bye]).then((result) => ({
      result,
      at: Date.now(),
    }));
    const ours = run(
      'ours',
      [...answered('uas', 'Allow: UPDATE'), expects('UPDATE'), reply(200), calling.asks('BYE', 2), expects(200)],
      1,
      farPort + 1,
    ).then((result) => ({ result, at: Date.now() }));
    const [expired, refreshed] = await Promise.all([theirs, ours]);
    fine(expired.result);
    fine(refreshed.result);
    expect((expired.at - began) / 1_000).toBeGreaterThan(59.5);
    expect((expired.at - began) / 1_000).toBeLessThan(64);
    expect((refreshed.at - began) / 1_000).toBeGreaterThan(44.5);
    expect((refreshed.at - began) / 1_000).toBeLessThan(49);
    expect(house.ends).toEqual({ 'hung-up': 1, cancelled: 0, failed: 1 });
  });
});
