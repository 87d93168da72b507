/**
 * The first call, end to end and by ear: a telephone that nobody here wrote, a real browser with a microphone, the whole
 * process tree. What is proven is what the two people heard and what the company has on record afterwards.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Agent, WebCaller } from '../peers/agent.js';
import { layOut } from '../peers/lay-out.js';
import { cut, find, rms } from '../peers/correlate.js';
import { sleep, watchLateness } from '../peers/process.js';
import { parseWav, readWav } from '../peers/wav.js';
import { channelClock, likeness, missingStage, near, outFolder, stage } from './stage.js';

const absent = missingStage();

describe.skipIf(absent)(`first call${absent ? ` (${absent})` : ''}`, () => {
  const on = stage();

  test.each(['udp', 'tcp'] as const)(
    'over %s: the owner’s browser rings with the caller’s name, both hear each other, and the record tells all of it',
    async (transport) => {
      const { system, voices } = on;
      const { customer, owner } = on.customerWithOwner(transport === 'udp' ? 0 : 1);
      const agent = on.closing(await Agent.signIn(await on.browser('agent'), system, owner.email, { tap: true }));
      await agent.goAvailable();
      const phone = await on.telephone({ number: customer.phone, says: voices.customer.telephone, transport });
      const begun = Date.now();
      const lateness = watchLateness();
      await agent.lateMs();

      const { outgoing } = await phone.dial(on.companyNumber());
      expect(await agent.rings()).toContain(customer.name);
      const ringing = await phone.event('CALL_RINGING');
      await sleep(700); // a person reads the name first; the ring must last long enough to be measured
      await agent.answer();
      const established = await phone.event('CALL_ESTABLISHED');
      const pageLateMs = await agent.lateMs();
      await sleep(10_000);
      await agent.hangUp();
      const closed = await phone.event('CALL_CLOSED');
      const within = 100 + lateness.worstMs();
      lateness.stop();
      await agent.saveWrapUp();
      const sent = layOut(await agent.tapped('sent'));
      const received = layOut(await agent.tapped('received'));
      const [ring] = await agent.showings('incoming-call');
      const [answered] = await agent.clicks('answer');
      await phone.stop();

      // One conversation, whose durations are those of the peers' own clocks.
      const record = await on.onlyConversation(begun);
      expect(record).toMatchObject({
        status: 'closed',
        end: 'completed',
        endedBy: 'agent',
        from: customer.phone,
        customer: { name: customer.name },
        agents: [{ name: owner.name }],
        hasRecording: true,
      });
      expect(record.trace.map(({ what, target }) => `${what} ${target}`)).toContain('offered owner');
      // How the lines of the talk were: the customer's by what reached us, the agent's also by what their browser reports.
      expect(record.lines.map(({ agent, grade }) => [agent?.name ?? null, grade]).toSorted()).toEqual(
        [
          [owner.name, 'good'],
          [null, 'good'],
        ].toSorted(),
      );
      const segment = (kind: string) => record.segments.find((one) => one.kind === kind);

      // The recording: customer left, agent right, and side by side what crossed the agent's edge at the same moment.
      const bytes = await on.finishedRecording(record.id);
      mkdirSync(outFolder, { recursive: true });
      writeFileSync(join(outFolder, `first-call-${transport}.wav`), bytes);
      const recording = parseWav(bytes);
      const [left, right] = recording.channels;
      expect(recording.rate).toBe(8000);
      expect(left!.length / 8000).toBeGreaterThan(9.5);
      const customerSaid = find(cut(left!, 8000, 0.5, 9), voices.customer.samples);
      const agentSaid = find(cut(right!, 8000, 0.5, 9), sent.samples);
      const agentSpoke = find(cut(right!, 8000, 0.5, 9), voices.agent.samples);
      const offsetMs = channelClock(left!, received) - channelClock(right!, sent);
      const heard = readWav(phone.heard()[0]!).channels[0]!;
      const heardAgent = likeness(heard, sent.samples);
      process.stdout.write(
        `${transport}: left ${customerSaid.coefficient.toFixed(4)}, right ${agentSaid.coefficient.toFixed(4)} ` +
          `(the microphone's file ${agentSpoke.coefficient.toFixed(4)}), offset ${offsetMs.toFixed(1)} ms, ` +
          `heard by baresip ${heardAgent.toFixed(4)}; record − peers: wait ${record.waitMs - (established.at - outgoing)} ms, ` +
          `ring ${record.ringMs - (established.at - ringing.at)} ms (the page ${Math.round(record.ringMs - (answered! - ring!.from))} ms), ` +
          `talk ${record.talkMs - (closed.at - established.at)} ms; late: the lab ${within - 100} ms, the page ${pageLateMs} ms\n`,
      );
      near('wait', record.waitMs, established.at - outgoing, within);
      near('ring, as the caller heard it', record.ringMs, established.at - ringing.at, within);
      near('ring, as the agent saw it', record.ringMs, answered! - ring!.from, within + pageLateMs);
      near('talk', record.talkMs, closed.at - established.at, within);
      near('talk began', segment('talk')!.startedAt, established.at, within);
      near('talk ended', segment('talk')!.endedAt!, closed.at, within);
      expect(customerSaid.coefficient).toBeGreaterThanOrEqual(0.9);
      expect(agentSaid.coefficient).toBeGreaterThanOrEqual(0.9);
      expect(agentSpoke.coefficient).toBeGreaterThanOrEqual(0.9);
      expect(Math.abs(offsetMs)).toBeLessThanOrEqual(40);
      expect(find(cut(left!, 8000, 0.5, 9), sent.samples).coefficient).toBeLessThan(0.3);

      // What the two heard: baresip the agent, the agent's browser the customer.
      expect(rms(heard)).toBeGreaterThan(0.01);
      expect(heardAgent).toBeGreaterThanOrEqual(0.9);
      expect(likeness(received.samples, voices.customer.samples)).toBeGreaterThanOrEqual(0.9);
      expect(agent.problems).toEqual([]);
    },
  );

  test('from /phone: a newcomer without a SIP phone has the same call and the same record', async () => {
    const { system, voices } = on;
    const { customer, owner } = on.customerWithOwner(2);
    const agent = on.closing(await Agent.signIn(await on.browser('agent'), system, owner.email, { tap: true }));
    await agent.goAvailable();
    const caller = on.closing(await WebCaller.open(await on.browser('customer'), { tap: true }));
    const begun = Date.now();
    await caller.dial(system, customer.phone, system.demo.numbers[0]!);
    expect(await agent.rings()).toContain(customer.name);
    await agent.answer();
    await sleep(8000);
    await caller.hangUp();
    await agent.saveWrapUp();
    const callerHeard = layOut(await caller.tapped('received'));
    const callerSent = layOut(await caller.tapped('sent'));
    const agentSent = layOut(await agent.tapped('sent'));

    const record = await on.onlyConversation(begun);
    expect(record).toMatchObject({ status: 'closed', end: 'completed', endedBy: 'customer', from: customer.phone });
    const [left, right] = parseWav(await on.finishedRecording(record.id)).channels;
    expect(find(cut(left!, 8000, 0.5, 6), callerSent.samples).coefficient).toBeGreaterThanOrEqual(0.9);
    expect(find(cut(left!, 8000, 0.5, 6), voices.customer.samples).coefficient).toBeGreaterThanOrEqual(0.9);
    expect(find(cut(right!, 8000, 0.5, 6), agentSent.samples).coefficient).toBeGreaterThanOrEqual(0.9);
    expect(likeness(callerHeard.samples, agentSent.samples)).toBeGreaterThanOrEqual(0.9);
    expect([...agent.problems, ...caller.problems]).toEqual([]);
  });

  test('with the microphone’s processing on, as at a real desk, the record still holds what the browser sent', async () => {
    const { system, voices } = on;
    const { customer, owner } = on.customerWithOwner(3);
    const agent = on.closing(
      await Agent.signIn(await on.browser('agent'), system, owner.email, { tap: true, rawMicrophone: false }),
    );
    await agent.goAvailable();
    const phone = await on.telephone({ number: customer.phone, says: voices.customer.telephone });
    const begun = Date.now();
    await phone.dial(on.companyNumber());
    await agent.rings();
    await agent.answer();
    await sleep(6000);
    await phone.hangUp();
    await agent.saveWrapUp();
    const sent = layOut(await agent.tapped('sent'));
    const record = await on.onlyConversation(begun);
    expect(record).toMatchObject({ end: 'completed', endedBy: 'customer' });
    const [, right] = parseWav(await on.finishedRecording(record.id)).channels;
    expect(find(cut(right!, 8000, 0.5, 5), sent.samples).coefficient).toBeGreaterThanOrEqual(0.9);
    expect(rms(cut(right!, 8000, 0.5, 5))).toBeGreaterThan(0.01);
  });
});
