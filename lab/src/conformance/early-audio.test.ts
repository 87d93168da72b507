/** What an agent hears of a number that they call, until somebody answers: sipp is the carrier. [OUT9] */
import { describe, expect, test } from 'vitest';
import { missing } from '../peers/process.js';
import { carrierStage } from './carrier-stage.js';
import { called, expects, mustSay, pause, plays, reply } from './sipp-scenario.js';

const absent = missing('sipp');
const callee = '+81398765432';

describe.skipIf(absent)(`before the answer${absent ? ` (${absent})` : ''}`, () => {
  const on = carrierStage(21_200);
  const { answers, invite } = called;
  const answered = [answers(200, 'a', { sdp: 'stream' }), expects('ACK'), expects('BYE'), reply(200)];

  async function calling(name: string, steps: readonly string[]) {
    const carrier = await on.carrier(name, steps);
    await on.open([on.trunk('tk_carrier', carrier.port)]);
    return { carrier, call: await on.place(callee) };
  }

  test('183 with audio: the network’s sound, not a moment of ring-back of ours, and the talk after it', async () => {
    const steps = [invite(), answers(183, 'a', { sdp: 'stream' }), plays(on.network), pause(3_000), ...answered];
    const { carrier, call } = await calling('early', steps);
    const heard = await call.listensFor(2_400);
    expect(new Set(heard.slice(heard.indexOf('person')))).toEqual(new Set(['person']));
    expect(heard).not.toContain('sound');
    await call.join();
    await call.hears('person');
    call.hangUp();
    await carrier.fine();
    expect(call.told()).toEqual(['ringing early', 'answered', 'joined']);
    expect(on.complaints).toEqual([]);
  });

  test('180 without a description: ring-back of ours, until the answer', async () => {
    const { carrier, call } = await calling('ringing', [invite(), answers(180, 'a'), pause(4_000), ...answered]);
    await call.hears('sound');
    await call.event('leg.answered');
    expect(await call.listensFor(600)).toEqual(['silence', 'silence', 'silence']);
    call.hangUp();
    await carrier.fine();
    expect(call.told()).toEqual(['ringing', 'answered']);
  });

  test('183 with audio and then 180: the network’s sound goes on as if nothing had been said', async () => {
    const early = [answers(183, 'a', { sdp: 'stream' }), plays(on.network), pause(1_500), answers(180, 'a')];
    const { carrier, call } = await calling('both', [invite(), ...early, pause(2_500), ...answered]);
    await call.hears('person');
    const heard = await call.listensFor(2_800);
    expect(new Set(heard)).toEqual(new Set(['person']));
    await call.join();
    call.hangUp();
    await carrier.fine();
    expect(call.told()).toEqual(['ringing early', 'answered', 'joined']);
  });

  test('180 and then 183 with audio: ours until the network’s own begins', async () => {
    const early = [answers(180, 'a'), pause(1_500), answers(183, 'a', { sdp: 'stream' }), plays(on.network)];
    const { carrier, call } = await calling('late', [invite(), ...early, pause(2_000), ...answered]);
    await call.hears('sound');
    await call.hears('person');
    expect(new Set(await call.listensFor(1_000))).toEqual(new Set(['person']));
    await call.event('leg.answered');
    call.hangUp();
    await carrier.fine();
  });

  test('where a phone rings, ring-back comes again 2 s after the network fell silent, and goes when it speaks', async () => {
    const early = [answers(180, 'a', { sdp: 'stream' }), plays(on.network), pause(1_500), plays('pause')];
    const steps = [invite(), ...early, pause(6_000), plays('resume'), pause(2_500), ...answered];
    const { carrier, call } = await calling('stops', steps);
    await call.hears('person');
    await call.hears('silence');
    const stopped = Date.now();
    await call.hears('sound');
    const silentMs = Date.now() - stopped;
    expect(silentMs).toBeGreaterThan(1_300);
    expect(silentMs).toBeLessThan(3_000);
    await call.hears('person', 8_000);
    expect(new Set(await call.listensFor(1_000))).toEqual(new Set(['person']));
    await call.event('leg.answered');
    call.hangUp();
    await carrier.fine();
  });

  test('an announcement that ends where no phone is said to ring is followed by silence, not by ring-back', async () => {
    const early = [answers(183, 'a', { sdp: 'stream' }), plays(on.network), pause(1_500), plays('pause'), pause(4_500)];
    const steps = [invite(), ...early, answers(404, 'a'), expects('ACK')];
    const { carrier, call } = await calling('announced', steps);
    await call.hears('person');
    await call.hears('silence');
    expect(await call.listensFor(3_600)).not.toContain('sound');
    await call.event('leg.ended');
    await carrier.fine();
    expect(call.told()).toEqual(['ringing early', 'ended unknown-number']);
  });

  test('a network that announces a sound and sends none: ring-back of ours after 2 s', async () => {
    const { carrier, call } = await calling('none', [
      ...[invite(), answers(183, 'a', { sdp: 'stream' }), pause(6_000)],
      ...answered,
    ]);
    expect(await call.listensFor(1_200)).not.toContain('sound');
    await call.hears('sound', 4_000);
    await call.event('leg.answered');
    call.hangUp();
    await carrier.fine();
  });

  test('reliable answers are acknowledged in order, their description is heard, and a 200 without one is enough', async () => {
    const reliable = (rseq: number) => ({ headers: ['Require: 100rel', `RSeq: ${rseq}`] });
    const prack = (rseq: number) => [expects('PRACK', [mustSay(`${rseq} [0-9]+ INVITE`, 'RAck', 'rack')]), reply(200)];
    const steps = [
      invite([mustSay('100rel', 'Supported', 'reliable')]),
      ...[answers(180, 'a', reliable(7)), ...prack(7)],
      ...[answers(183, 'a', { ...reliable(8), sdp: 'stream' }), ...prack(8), plays(on.network), pause(1_500)],
      ...[answers(200, 'a'), expects('ACK'), expects('BYE'), reply(200)],
    ];
    const { carrier, call } = await calling('prack', steps);
    await call.hears('person');
    await call.join();
    await call.hears('person');
    call.hangUp();
    await carrier.fine();
    expect(carrier.heard('PRACK')).toHaveLength(2);
    expect(call.told()).toEqual(['ringing', 'answered', 'joined']);
  });
});
