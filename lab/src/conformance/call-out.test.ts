/**
 * An agent calls out, end to end and by ear: the number is typed at the real desk, a telephone that nobody here wrote rings at the
 * other end of a trunk, and what both heard and what the company has on record is looked at afterwards.
 */
import { describe, expect, test } from 'vitest';
import { Agent } from '../peers/agent.js';
import type { Baresip } from '../peers/baresip.js';
import { cut, find } from '../peers/correlate.js';
import { longestGap } from '../peers/gaps.js';
import { layOut } from '../peers/lay-out.js';
import { freePorts } from '../peers/ports.js';
import { sleep, until } from '../peers/process.js';
import { parseWav, readWav } from '../peers/wav.js';
import { likeness, missingStage, near, stage } from './stage.js';

const absent = missingStage();
const ourNumber = '+81312345678';

describe.skipIf(absent)(`calls out${absent ? ` (${absent})` : ''}`, () => {
  let trunkPort = 0;
  const on = stage(
    async () => ({ DENWABAN_CALL_OUT_PREFIXES: '+81' }),
    async () => {
      trunkPort = await freePorts('sip', 2); // baresip takes the next one for TLS
      const outbound = { host: '127.0.0.1', port: trunkPort, callerId: ourNumber };
      // The demo company's own trunk lists the telephone's address: whatever it says within a call of ours is this one's all the same.
      return [{ id: 'tk_phone', name: 'Somebody’s telephone', outbound }];
    },
  );

  async function ready(
    n: number,
    says: 'available' | 'away' = 'available',
  ): Promise<{ agent: Agent; phone: Baresip; customer: { name: string; phone: string } }> {
    const { customer, owner } = on.customerWithOwner(n);
    const phone = await on.telephone({
      ...{ number: customer.phone, sipPort: trunkPort, says: on.voices.customer.telephone },
    });
    const agent = on.closing(await Agent.signIn(await on.browser('agent'), on.system, owner.email, { tap: true }));
    if (says === 'available') await agent.goAvailable();
    else await agent.goAway('Lunch');
    return { agent, phone, customer };
  }

  test.each([
    ['agent', 0, (number: string) => number.replace('+81', '0')],
    [
      'customer',
      1,
      (number: string) =>
        number.replace('+81', '０').replace(/[0-9]/g, (digit) => '０１２３４５６７８９'[Number(digit)]!),
    ],
  ] as const)(
    '[OUT2] the telephone rings and answers, both hear each other, the %s hangs up, and the record tells all of it',
    async (whoEnds, n, written) => {
      const { agent, phone, customer } = await ready(n);
      const begun = Date.now();
      await agent.dial(written(customer.phone));
      await phone.event('CALL_INCOMING');
      await agent.callsOut('ringing');
      expect(await agent.id('caller-name').innerText()).toContain(customer.name);
      await agent.reaches('talking');
      await sleep(1_500); // it rings as long as a telephone does before somebody is there
      await phone.answer();
      const established = await phone.event('CALL_ESTABLISHED');
      await agent.id('hold').waitFor();
      await sleep(7_000);
      if (whoEnds === 'agent') await agent.hangUp();
      else await phone.hangUp();
      const closed = await phone.event('CALL_CLOSED');
      await agent.saveWrapUp();
      await agent.reaches('available');
      const sent = layOut(await agent.tapped('sent'));
      const received = layOut(await agent.tapped('received'));
      await phone.stop();

      const record = await on.onlyConversation(begun);
      expect(record).toMatchObject({
        ...{ direction: 'outbound', by: { name: expect.any(String) }, customerNumber: customer.phone },
        ...{ from: ourNumber, to: customer.phone, customer: { name: customer.name } },
        ...{ end: 'completed', endedBy: whoEnds, waitMs: 0, hasRecording: true },
      });
      expect(record.agents).toEqual([record.by]);
      expect(record.wrapUps).toHaveLength(1);
      near('talk', record.talkMs, closed.at - established.at, 500);
      expect(record.ringMs).toBeGreaterThan(1_400);

      const [left, right] = parseWav(await on.finishedRecording(record.id)).channels;
      const customerSaid = find(cut(left!, 8000, 0.5, 6), on.voices.customer.samples).coefficient;
      const agentSaid = find(cut(right!, 8000, 0.5, 6), sent.samples).coefficient;
      const heard = likeness(readWav(phone.heard()[0]!).channels[0]!, sent.samples);
      const heardBack = likeness(
        cut(received.samples, 8000, received.samples.length / 8000 - 6),
        on.voices.customer.samples,
      );
      process.stdout.write(
        `${whoEnds} hangs up: left ${customerSaid.toFixed(4)}, right ${agentSaid.toFixed(4)}, ` +
          `heard by baresip ${heard.toFixed(4)}, by the agent ${heardBack.toFixed(4)}; ` +
          `talk ${record.talkMs - (closed.at - established.at)} ms off\n`,
      );
      for (const alike of [customerSaid, agentSaid, heard, heardBack]) expect(alike).toBeGreaterThanOrEqual(0.9);
      expect(find(cut(left!, 8000, 0.5, 6), sent.samples).coefficient).toBeLessThan(0.3);
      expect(agent.problems).toEqual([]);
    },
  );

  test('[OUT3] somebody who refuses is busy: the desk says so, nothing is to be wrapped up, and the next call can go out', async () => {
    const { agent, phone, customer } = await ready(2);
    const begun = Date.now();
    await agent.dial(customer.phone);
    await agent.callsOut('ringing');
    await phone.hangUp();
    expect(await agent.callOutNews()).toMatch(/お話し中|on another call/);
    await agent.reaches('available');
    expect(await agent.id('save-wrap-up').count()).toBe(0);
    const record = await on.onlyConversation(begun);
    expect(record).toMatchObject({ direction: 'outbound', end: 'unanswered', endCause: 'busy', hasRecording: false });
    expect(record.wrapUps).toEqual([]);

    const before = phone.events.length;
    await agent.id('call-out-news').getByTestId('call-number').click();
    await phone.event('CALL_INCOMING', { since: before });
    await agent.callsOut('ringing');
    await agent.hangUp();
    await phone.event('CALL_CLOSED', { since: before });
  });

  test('[OUT3] who hangs up before the answer cancels: the telephone stops ringing', async () => {
    const { agent, phone, customer } = await ready(0);
    const begun = Date.now();
    await agent.dial(customer.phone);
    await phone.event('CALL_INCOMING');
    await agent.callsOut('ringing');
    const cancelled = Date.now();
    await agent.hangUp();
    const closed = await phone.event('CALL_CLOSED');
    expect(closed.at - cancelled).toBeLessThan(1_000);
    await agent.reaches('available');
    expect(await on.onlyConversation(begun)).toMatchObject({ end: 'unanswered', endedBy: 'agent', talkMs: 0 });
  });

  test('a number that nobody has is said to be none; an emergency number and one abroad never leave the house', async () => {
    const { agent, phone } = await ready(1);
    const begun = Date.now();
    for (const [number, says] of [
      ['119', /緊急|[Ee]mergency/],
      ['+14155550123', /許可|not allowed/],
    ] as const) {
      await agent.dial(number);
      await until(`the desk’s word on ${number}`, async () => says.test(await agent.callOutNews()));
    }
    expect(await on.admin.conversations(begun)).toEqual([]);
    await agent.dial('0399990000'); // baresip is somebody else and says 404
    await until('the desk’s word', async () => /使われていません|not in use/.test(await agent.callOutNews()));
    expect(await on.onlyConversation(begun)).toMatchObject({ end: 'unanswered', endCause: 'unknown-number' });
    expect(phone.events.filter(({ type }) => type === 'CALL_INCOMING')).toEqual([]);
  });

  test('[OUT2] control is killed in such a call: nobody hears it, the desk goes on with it, and it stays one conversation', async () => {
    const { agent, phone, customer } = await ready(2);
    const begun = Date.now();
    await agent.dial(customer.phone);
    await phone.event('CALL_INCOMING');
    await phone.answer();
    const { at: establishedAt } = await phone.event('CALL_ESTABLISHED');
    await sleep(3_000);
    const before = on.system.pidOf('control');
    on.system.kill('control');
    await until('a new control process', () => (on.system.pidOf('control') ?? before) !== before);
    await on.system.ready();
    await sleep(5_000);
    const sent = layOut(await agent.tapped('sent'));
    const untilS = (Date.now() - 300 - establishedAt) / 1000;
    await agent.hangUp();
    await phone.event('CALL_CLOSED');
    await agent.saveWrapUp();
    await phone.stop();
    const record = await on.onlyConversation(begun);
    expect(record).toMatchObject({ direction: 'outbound', end: 'completed', endedBy: 'agent' });
    expect(record.segments.filter(({ kind }) => kind === 'talk')).toHaveLength(1);
    const gap = longestGap(cut(readWav(phone.heard()[0]!).channels[0]!, 8000, 1, untilS), sent.samples);
    process.stdout.write(`control killed in a call out: the longest gap at the telephone ${JSON.stringify(gap)}\n`);
    const [left] = parseWav(await on.finishedRecording(record.id)).channels;
    near('the recording', (left!.length / 8000) * 1000, record.talkMs, 1_500);
  });

  test('[OUT12] somebody away calls: their line opens for it, both hear each other, and after it they are away without a line', async () => {
    const { agent, phone, customer } = await ready(0, 'away');
    const line = () => agent.id('line').getAttribute('data-line');
    expect(await line()).toBe('none');
    const begun = Date.now();
    await agent.dial(customer.phone);
    await phone.event('CALL_INCOMING');
    const rangAfterMs = Date.now() - begun;
    await agent.callsOut('ringing');
    await phone.answer();
    await phone.event('CALL_ESTABLISHED');
    await agent.id('hold').waitFor();
    await sleep(5_000);
    await agent.hangUp();
    await phone.event('CALL_CLOSED');
    await agent.reaches('wrap-up');
    await agent.saveWrapUp();
    await agent.reaches('away');
    await until('the line closed', async () => (await line()) === 'none');
    const sent = layOut(await agent.tapped('sent'));
    const received = layOut(await agent.tapped('received'));
    await phone.stop();
    const heard = likeness(readWav(phone.heard()[0]!).channels[0]!, sent.samples);
    const heardBack = likeness(
      cut(received.samples, 8000, Math.max(0, received.samples.length / 8000 - 4)),
      on.voices.customer.samples,
    );
    process.stdout.write(
      `called while away: it rang ${rangAfterMs} ms after Enter, heard by baresip ${heard.toFixed(4)}, by the agent ${heardBack.toFixed(4)}\n`,
    );
    for (const alike of [heard, heardBack]) expect(alike).toBeGreaterThanOrEqual(0.9);
    expect(await on.onlyConversation(begun)).toMatchObject({ direction: 'outbound', end: 'completed' });
    expect(agent.problems).toEqual([]);
  });

  test('[OUT12] somebody away whose microphone is refused is told so and calls nobody; cancelled while the browser asks, neither', async () => {
    const { agent, phone, customer } = await ready(1, 'away');
    const begun = Date.now();
    await agent.microphone('refused');
    await agent.dial(customer.phone);
    expect(await agent.callOutNews()).toMatch(/microphone is not allowed/);
    await agent.microphone('asking');
    await agent.dial(customer.phone);
    await agent.callsOut('opening');
    await agent.hangUp();
    await agent.id('outgoing-call').waitFor({ state: 'detached' });
    await agent.reaches('away');
    expect(await agent.id('line').getAttribute('data-line')).toBe('none');
    expect(await on.admin.conversations(begun)).toEqual([]);
    expect(phone.events.filter(({ type }) => type === 'CALL_INCOMING')).toEqual([]);
  });
});
