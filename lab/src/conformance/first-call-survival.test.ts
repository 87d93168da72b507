/** Parts die in the middle of a call. People are told, the record is one and has a stated end, and the next call goes through. */
import { describe, expect, test } from 'vitest';
import { Agent } from '../peers/agent.js';
import { cut, find } from '../peers/correlate.js';
import { isAlive } from '../peers/denwaban.js';
import { sleep, until } from '../peers/process.js';
import { readWav } from '../peers/wav.js';
import { missingStage, stage, systemSound } from './stage.js';

const absent = missingStage();

describe.skipIf(absent)(`first call, survived${absent ? ` (${absent})` : ''}`, () => {
  const on = stage();

  test('the agent’s tab dies during the call: the caller is told, goes to a colleague, and it is one conversation', async () => {
    const { system, voices } = on;
    const { customer, owner } = on.customerWithOwner(0);
    const mate = on.teammate(owner);
    const browser = await on.browser('agent');
    const first = on.closing(await Agent.signIn(browser, system, owner.email));
    const second = on.closing(await Agent.signIn(browser, system, mate.email));
    await first.goAvailable();
    await second.goAvailable();
    const phone = await on.telephone({ number: customer.phone, says: voices.customer.telephone });
    const begun = Date.now();
    await phone.dial(on.companyNumber());
    await first.rings();
    await first.answer();
    const established = await phone.event('CALL_ESTABLISHED');
    await sleep(3000);
    const died = Date.now();
    await first.kill();
    expect(await second.rings(15_000)).toContain(customer.name);
    const offeredAgain = Date.now();
    await sleep(2000);
    await second.answer();
    await sleep(3000);
    await second.hangUp();
    await phone.event('CALL_CLOSED');
    await second.saveWrapUp();
    await phone.stop();

    // A reload gets its grace time first; then a caller must not sit in silence.
    expect(offeredAgain - died).toBeLessThan(10_000);
    const record = await on.onlyConversation(begun);
    expect(record).toMatchObject({ end: 'completed', endedBy: 'agent' });
    expect(record.agents.map(({ name }) => name)).toEqual([owner.name, mate.name]);
    expect(record.segments.filter(({ kind }) => kind === 'talk')).toHaveLength(2);
    const heard = readWav(phone.heard()[0]!).channels[0]!;
    // The caller was told in words, before the colleague answered.
    const told = find(cut(systemSound('announcement-reconnecting'), 8000, 0, 1.5), heard);
    expect(told.coefficient).toBeGreaterThanOrEqual(0.9);
    expect(told.at / 8000).toBeLessThan((offeredAgain + 2000 - established.at) / 1000);
    expect(second.problems).toEqual([]);
  });

  test('control is killed during the call: the conversation ends with that as its cause, and the next call goes through', async () => {
    const { system, voices } = on;
    const { customer, owner } = on.customerWithOwner(1);
    const agent = on.closing(await Agent.signIn(await on.browser('agent'), system, owner.email));
    await agent.goAvailable();
    const phone = await on.telephone({ number: customer.phone, says: voices.customer.telephone });
    const begun = Date.now();
    await phone.dial(on.companyNumber());
    await agent.rings();
    await agent.answer();
    await phone.event('CALL_ESTABLISHED');
    await sleep(3000);
    const killed = system.kill('control');
    expect(isAlive(killed)).toBe(false);
    await until('a new control process', () => (system.pidOf('control') ?? killed) !== killed, { withinMs: 10_000 });
    await system.ready();
    const backAfterMs = Date.now() - begun;

    // The caller's telephone is told as well: nobody is left in a call that the company does not have.
    await phone.event('CALL_CLOSED', { withinMs: 15_000 });
    await agent.id('hang-up').waitFor({ state: 'detached', timeout: 15_000 });
    const records = await on.admin.conversations(begun - 50);
    expect(records).toHaveLength(1);
    const record = await on.admin.conversation(records[0]!.id);
    expect(record.endedAt, 'the dead conversation has an end').not.toBeNull();
    expect(record).toMatchObject({ end: 'failed', endedBy: 'system', endCause: 'process-died' });
    expect(record.segments.filter(({ kind, endedAt }) => kind !== 'wrap-up' && endedAt === null)).toEqual([]);
    process.stdout.write(`control back and healthy ${backAfterMs} ms after the call began\n`);

    // The same agent, the same page, the next call.
    if (await agent.id('save-wrap-up').isVisible()) await agent.saveWrapUp();
    await agent.reaches('available', 15_000);
    const next = await on.telephone({ number: customer.phone, says: voices.customer.telephone });
    const again = Date.now();
    await next.dial(on.companyNumber());
    await agent.rings();
    await agent.answer();
    await next.event('CALL_ESTABLISHED');
    await sleep(1500);
    await next.hangUp();
    await agent.saveWrapUp();
    expect(await on.onlyConversation(again)).toMatchObject({ end: 'completed', endedBy: 'customer' });
    expect(agent.problems.filter((problem) => problem.startsWith('uncaught'))).toEqual([]);
  });
});
