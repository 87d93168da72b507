/** Whose browser rings, and what a caller hears until one does: the same real peers, other days at the company. */
import { describe, expect, test } from 'vitest';
import { Agent } from '../peers/agent.js';
import { layOut } from '../peers/lay-out.js';
import { cut, find, rms } from '../peers/correlate.js';
import { sleep, watchLateness } from '../peers/process.js';
import { parseWav, readWav } from '../peers/wav.js';
import { keep, likeness, missingStage, near, stage, systemSound } from './stage.js';

const absent = missingStage();

describe.skipIf(absent)(`first call, routed${absent ? ` (${absent})` : ''}`, () => {
  const on = stage();

  test('with the owner away, the owner’s team rings at once', async () => {
    const { system, voices } = on;
    const { customer, owner } = on.customerWithOwner(0);
    const mate = on.teammate(owner);
    const browser = await on.browser('agent');
    const [first, second] = await Promise.all([
      Agent.signIn(browser, system, owner.email),
      Agent.signIn(browser, system, mate.email, { tap: true }),
    ]);
    on.closing(first);
    on.closing(second);
    await second.goAvailable();
    const phone = await on.telephone({ number: customer.phone, says: voices.customer.telephone });
    const begun = Date.now();
    const { outgoing } = await phone.dial(on.companyNumber());
    expect(await second.rings()).toContain(customer.name);
    const [ring] = await second.showings('incoming-call');
    // No ring time of the owner's step is spent on somebody who is not there.
    expect(ring!.from - outgoing).toBeLessThan(3000);
    expect(await first.showings('incoming-call')).toEqual([]);
    await second.answer();
    await phone.event('CALL_ESTABLISHED');
    await sleep(4000);
    await phone.hangUp();
    await second.saveWrapUp();

    const record = await on.onlyConversation(begun);
    expect(record).toMatchObject({ end: 'completed', endedBy: 'customer', agents: [{ name: mate.name }] });
    const skipped = record.trace.find(({ what, target }) => what === 'skipped' && target === 'owner');
    expect(skipped?.passedOver).toMatchObject([{ agent: { name: owner.name }, because: 'away' }]);
    expect(record.offers).toMatchObject([{ agent: { name: mate.name }, target: 'team', outcome: 'accepted' }]);
    expect([...first.problems, ...second.problems]).toEqual([]);
  });

  test('with everybody away the caller waits with music, and whoever frees is offered the caller at once', async () => {
    const { system, voices } = on;
    // Of another team than those of the test before: who said "available" there still says so.
    const team = on.customerWithOwner(0).owner.team;
    const { customer, owner } = [1, 2, 3, 4]
      .map((n) => on.customerWithOwner(n))
      .find((one) => one.owner.team !== team)!;
    const agent = on.closing(await Agent.signIn(await on.browser('agent'), system, owner.email, { tap: true }));
    const phone = await on.telephone({ number: customer.phone, says: voices.customer.telephone });
    const begun = Date.now();
    const lateness = watchLateness();
    const { outgoing } = await phone.dial(on.companyNumber());
    const waiting = await phone.event('CALL_ESTABLISHED');
    await sleep(5000);
    await agent.lateMs();
    await agent.id('go-available').click(); // and is offered the caller before anybody could read "available"
    await agent.rings();
    await sleep(500);
    await agent.answer();
    const pageLateMs = await agent.lateMs();
    const [ring] = await agent.showings('incoming-call');
    const [answered] = await agent.clicks('answer');
    await sleep(5000);
    await agent.hangUp();
    const closed = await phone.event('CALL_CLOSED');
    const within = 100 + lateness.worstMs();
    lateness.stop();
    await agent.saveWrapUp();
    const sent = layOut(await agent.tapped('sent'));
    await phone.stop();

    const record = await on.onlyConversation(begun);
    expect(record).toMatchObject({ end: 'completed', endedBy: 'agent', agents: [{ name: owner.name }] });
    expect(record.offers).toMatchObject([{ agent: { name: owner.name }, outcome: 'accepted' }]);
    near('wait', record.waitMs, answered! - outgoing, within + pageLateMs);
    near('ring', record.ringMs, answered! - ring!.from, within + pageLateMs);
    near('talk', record.talkMs, closed.at - answered!, within + pageLateMs);
    // Offered at once: the server made the agent available and the offer in the same breath.
    const [said] = await agent.clicks('go-available');
    expect(record.offers[0]!.offeredAt - said!).toBeLessThan(1000 + pageLateMs);

    const heard = keep('heard-while-waiting.wav', readWav(phone.heard()[0]!)).channels[0]!;
    const waitedS = (said! - waiting.at) / 1000;
    const music = systemSound('hold-music');
    for (let second = 1; second + 1 < waitedS; second++) {
      expect(rms(cut(heard, 8000, second, second + 1)), `sound in second ${second}`).toBeGreaterThan(0.003);
    }
    expect(likeness(cut(heard, 8000, 0, waitedS), music), 'it is the music').toBeGreaterThanOrEqual(0.9);
    expect(find(cut(heard, 8000, 1, 4), voices.agent.samples).coefficient).toBeLessThan(0.4);
    expect(likeness(heard.subarray(-4 * 8000), sent.samples)).toBeGreaterThanOrEqual(0.9);
    // The recording is of the talk: music is nobody's voice and not in it.
    const recording = parseWav(await on.finishedRecording(record.id));
    near('recording', (recording.channels[0]!.length / 8000) * 1000, record.talkMs, 300);
    expect(find(cut(recording.channels[1]!, 8000, 0.5, 4), sent.samples).coefficient).toBeGreaterThanOrEqual(0.9);
    expect(agent.problems).toEqual([]);
  });

  test('a caller who hangs up while it rings is abandoned: the ring ends, and the agent is free for the next', async () => {
    const { system, voices } = on;
    const { customer, owner } = on.customerWithOwner(2);
    const agent = on.closing(await Agent.signIn(await on.browser('agent'), system, owner.email));
    await agent.goAvailable();
    const phone = await on.telephone({ number: customer.phone, says: voices.customer.telephone });
    const begun = Date.now();
    const { outgoing } = await phone.dial(on.companyNumber());
    await agent.rings();
    await phone.event('CALL_RINGING');
    const lateness = watchLateness();
    await sleep(1500);
    const left = Date.now();
    await phone.hangUp();
    await phone.event('CALL_CLOSED');
    await agent.id('incoming-call').waitFor({ state: 'detached', timeout: 3000 });
    await agent.reaches('available', 3000);
    const [ring] = await agent.showings('incoming-call');
    const within = 100 + lateness.worstMs() + (await agent.lateMs());
    lateness.stop();

    const record = await on.onlyConversation(begun);
    expect(record).toMatchObject({ end: 'abandoned', endedBy: 'customer', endCause: 'cancelled', talkMs: 0 });
    expect(record).toMatchObject({ agents: [], hasRecording: false, wrapUps: [] });
    expect(record.offers).toMatchObject([{ agent: { name: owner.name }, outcome: 'abandoned' }]);
    near('wait', record.waitMs, left - outgoing, within);
    near('ring', record.ringMs, ring!.to! - ring!.from, within);
    expect(phone.has('CALL_ESTABLISHED')).toBe(false);
    expect(agent.problems).toEqual([]);
  });

  test('a declined call goes on to a colleague, and stays one conversation', async () => {
    const { system, voices } = on;
    const { customer, owner } = on.customerWithOwner(0);
    const browser = await on.browser('agent');
    const first = on.closing(await Agent.signIn(browser, system, owner.email));
    const second = on.closing(await Agent.signIn(browser, system, on.teammate(owner).email));
    await first.goAvailable();
    await second.goAvailable();
    const phone = await on.telephone({ number: customer.phone, says: voices.customer.telephone });
    const begun = Date.now();
    await phone.dial(on.companyNumber());
    await first.rings();
    await first.decline();
    await second.rings(2000);
    await second.answer();
    await phone.event('CALL_ESTABLISHED');
    await sleep(1000);
    await second.hangUp();
    await phone.event('CALL_CLOSED');
    await second.saveWrapUp();
    const record = await on.onlyConversation(begun);
    expect(record.offers.map(({ outcome, target }) => `${target} ${outcome}`)).toEqual([
      'owner declined',
      'team accepted',
    ]);
    expect([...first.problems, ...second.problems]).toEqual([]);
  });
});
