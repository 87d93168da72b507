/** What people feel, over the whole process tree: how soon the desk rings, and how soon both hear each other after "answer". */
import { Denwaban } from '../src/peers/denwaban.js';
import { HeadlessDesk } from '../src/peers/headless-desk.js';
import { sleep, until } from '../src/peers/process.js';
import { SipCaller } from '../src/peers/sip-caller.js';
import { random, row, type Benchmark } from './measure.js';

const calls = 120;

export const answerDelay: Benchmark = {
  name: 'calls',
  async run({ seed }) {
    const chance = random(seed);
    const system = await Denwaban.start();
    const admin = await system.admin();
    const { customers, people, numbers, sip } = system.demo;
    const customer = customers.find(({ ownerEmail }) =>
      people.some((one) => one.email === ownerEmail && one.role === 'agent'),
    );
    if (!customer?.ownerEmail || !numbers[0]) throw new Error('the demo company has no customer with an owner');
    const desk = await HeadlessDesk.open(await system.signIn(customer.ownerEmail));
    const samples = {
      ringing: [] as number[],
      arrived: [] as number[],
      offered: [] as number[],
      confirmed: [] as number[],
      bridged: [] as number[],
      atCaller: [] as number[],
      atAgent: [] as number[],
    };
    try {
      await desk.goAvailable();
      for (let i = 0; i < calls; i++) {
        const caller = await SipCaller.make(customer.phone, { ...sip, number: numbers[0] });
        try {
          caller.dial();
          const { offer } = await desk.reaches((state) => state.offer !== null, 'offered');
          await caller.reaches('ringing');
          await sleep(150 + chance() * 100);
          const heard = { caller: caller.heard.packets, agent: desk.heard.packets };
          const accepted = performance.timeOrigin + performance.now();
          desk.accept();
          await Promise.all([
            until('the caller hears', () => caller.heard.packets > heard.caller, { everyMs: 1 }),
            until('the agent hears', () => desk.heard.packets > heard.agent, { everyMs: 1 }),
            desk.reaches((state) => state.call?.state === 'talking', 'talking'),
          ]);
          const id = offer?.caller.conversation ?? '';
          await sleep(200);
          desk.hangUp();
          await caller.reaches('ended');
          await desk.reaches((state) => state.wrapUp !== null, 'wrapping up');
          desk.saveWrapUp();
          await desk.reaches((state) => state.presence.state === 'available', 'available again');
          const record = await admin.conversation(id);
          const { offeredAt, ringingAt } = record.offers[0]!;
          samples.ringing.push(ringingAt! - caller.times.calling!);
          samples.arrived.push(record.startedAt - caller.times.calling!);
          samples.offered.push(offeredAt - record.startedAt);
          samples.confirmed.push(ringingAt! - offeredAt);
          samples.bridged.push(record.segments.find(({ kind }) => kind === 'talk')!.startedAt - accepted);
          samples.atCaller.push(caller.firstHeardSince(accepted)! - accepted);
          samples.atAgent.push(desk.firstHeardSince(accepted)! - accepted);
        } finally {
          caller.close();
        }
      }
    } catch (error) {
      process.stderr.write(`${desk.story()}\n${system.trouble()}\n`);
      throw error;
    } finally {
      desk.close();
      await system.remove();
    }
    const under = 'loopback, one call at a time, one desk';
    return [
      row('INVITE → ring confirmed', 'ms', under, samples.ringing),
      row('… INVITE → the engine knows of it', 'ms', under, samples.arrived),
      row('… caller looked up, events on disk, offer made', 'ms', under, samples.offered),
      row('… offer on disk, at the desk, confirmed', 'ms', under, samples.confirmed),
      row('accept → bridged', 'ms', under, samples.bridged),
      row('accept → agent’s first audio at the caller', 'ms', under, samples.atCaller),
      row('accept → caller’s first audio at the agent', 'ms', under, samples.atAgent),
    ];
  },
};
