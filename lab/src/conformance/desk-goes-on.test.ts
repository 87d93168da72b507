/** What people at their desks rely on without thinking of it: colleagues as they are now, and words that are not lost in mid-sentence. */
import { describe, expect, test } from 'vitest';
import { Agent, WebCaller } from '../peers/agent.js';
import { until } from '../peers/process.js';
import { missingStage, stage } from './stage.js';

const absent = missingStage();

describe.skipIf(absent)(`the desk goes on${absent ? ` (${absent})` : ''}`, () => {
  const on = stage();

  test('a colleague’s change is seen within two seconds, also after control died, and nobody asks for it', async () => {
    const { owner } = on.customerWithOwner(0);
    const [anna, other] = [owner.email, on.teammate(owner).email];
    const [watcher, colleague] = [
      on.closing(await Agent.signIn(await on.browser('agent'), on.system, anna)),
      on.closing(await Agent.signIn(await on.browser('agent'), on.system, other)),
    ];
    const asked: string[] = [];
    watcher.page.on('request', (request) => void asked.push(new URL(request.url()).pathname));
    const name = on.system.demo.people.find(({ email }) => email === other)?.name ?? '';
    const tile = watcher.page.locator(`[data-testid=colleague][data-agent="${name}"]`);
    const sees = async (state: string, within: number) => {
      const since = Date.now();
      await until(`${name} is seen ${state}`, async () => (await tile.getAttribute('data-state')) === state, {
        withinMs: within,
        everyMs: 25,
      });
      return Date.now() - since;
    };
    await colleague.goAvailable();
    const available = await sees('available', 2_000);
    await colleague.goAway('Lunch');
    const away = await sees('away', 2_000);
    on.system.kill('control');
    await on.system.ready();
    await colleague.goAvailable();
    const anew = await sees('available', 10_000);
    process.stdout.write(
      `a colleague’s change is seen after ${available} and ${away} ms, after a restart ${anew} ms\n`,
    );
    expect(asked.filter((path) => path === '/api/v1/agents')).toEqual([]);
    expect([...watcher.problems, ...colleague.problems]).toEqual([]);
  });

  test('who writes a note when the customer hangs up writes on in the wrap-up; who does not stands at the wrap-up', async () => {
    const { customer, owner } = on.customerWithOwner(1);
    const agent = on.closing(await Agent.signIn(await on.browser('agent'), on.system, owner.email));
    const caller = on.closing(await WebCaller.open(await on.browser('customer')));
    const talk = async () => {
      await caller.dial(on.system, customer.phone, on.companyNumber().number);
      await agent.rings();
      await agent.answer();
      await agent.id('note').waitFor();
    };
    await agent.goAvailable();
    await talk();
    await agent.page.keyboard.press('n');
    const typing = agent.page.keyboard.type('They want a new contract, and nothing of this is lost.', { delay: 60 });
    await caller.hangUp();
    await agent.id('wrap-up').waitFor();
    await typing;
    expect(await agent.id('note').inputValue()).toBe('They want a new contract, and nothing of this is lost.');
    await agent.saveWrapUp();
    await agent.reaches('available');
    await talk();
    await agent.page.keyboard.press('Control+Shift+X');
    await agent.id('wrap-up').waitFor();
    expect(await agent.id('wrap-up').evaluate((card) => card === document.activeElement)).toBe(true);
    await agent.saveWrapUp();
    expect(agent.problems).toEqual([]);
  });
});
