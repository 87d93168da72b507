/** How soon the agent is heard again, and hears again, after reloading the page in a call: from the moment the old page is gone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from '../src/peers/agent.js';
import { launchBrowser } from '../src/peers/browser.js';
import { Denwaban } from '../src/peers/denwaban.js';
import { sleep, until } from '../src/peers/process.js';
import { SipCaller } from '../src/peers/sip-caller.js';
import { voice } from '../src/peers/speech.js';
import { row, type Benchmark } from './measure.js';

const reloads = 40;

export const reload: Benchmark = {
  name: 'reload',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'denwaban-bench-'));
    const system = await Denwaban.start();
    const browser = await launchBrowser(voice('agent', folder).microphone);
    const samples = { sent: [] as number[], received: [] as number[] };
    try {
      const { customers, people, numbers, sip } = system.demo;
      const customer = customers.find(({ ownerEmail }) =>
        people.some((one) => one.email === ownerEmail && one.role === 'agent'),
      );
      if (!customer?.ownerEmail || !numbers[0]) throw new Error('the demo company has no customer with an owner');
      const agent = await Agent.signIn(browser, system, customer.ownerEmail, { tap: true });
      await agent.goAvailable();
      const caller = await SipCaller.make(customer.phone, { ...sip, number: numbers[0] });
      caller.dial();
      await agent.rings();
      await agent.answer();
      await sleep(1000);
      for (let i = 0; i < reloads; i++) {
        await agent.page.reload({ waitUntil: 'commit' });
        const both = await until(
          'audio both ways',
          async () => {
            const frames = { sent: await agent.tapped('sent'), received: await agent.tapped('received') };
            return frames.sent[0] && frames.received[0] ? frames : null;
          },
          { withinMs: 10_000, everyMs: 100 }, // asking costs the page time, too
        );
        const gone = await agent.page.evaluate(() => performance.timeOrigin);
        samples.sent.push(both.sent[0]!.at - gone);
        samples.received.push(both.received[0]!.at - gone);
        await agent.id('hang-up').waitFor();
        await sleep(700);
      }
      caller.close();
    } finally {
      await browser.close();
      await system.remove();
      rmSync(folder, { recursive: true, force: true });
    }
    const under = 'loopback, Chromium, one call';
    return [
      row('reload in a call → the agent is heard', 'ms', under, samples.sent),
      row('reload in a call → the agent hears', 'ms', under, samples.received),
    ];
  },
};
