import type { LineId } from '@denwaban/core';
import type { PhoneServerMessage } from '@denwaban/core/wire';
import { expect } from 'vitest';
import { demoTrunk, exchangeOnFakes } from '../testing/exchange-on-fakes.js';
import { offerOf } from '../testing/fake-sip.js';
import type { Trunk } from './trunk.js';
import { telephonyContract, type ContractCaller, type ContractRig } from '../testing/telephony-contract.js';

const trunk: Trunk = {
  ...demoTrunk,
  outbound: {
    server: { host: '192.0.2.50', port: 5060, transport: 'udp' },
    ...{ account: null, callerId: null, callerIdHeader: 'from', headers: [], codecs: ['PCMU'] },
  },
};
const statuses = { busy: 486, declined: 603, 'unknown-number': 404, 'no-answer': 480 } as const;

type House = Awaited<ReturnType<typeof exchangeOnFakes>>;

async function rig(
  call: (house: House, request: { from: string | null; to: string }) => Promise<Omit<ContractCaller, 'leg'>>,
): Promise<ContractRig> {
  let house = await exchangeOnFakes({ trunk });
  const { media } = house;
  let lines = 0;
  return {
    get telephony() {
      return house.exchange;
    },
    async controlDies() {
      house = await exchangeOnFakes({ started: false, after: house, trunk });
      const { exchange } = house;
      const { restore } = exchange;
      // What a house does at its start: first what is left, then the sockets.
      exchange.restore = async (legs) => {
        const living = await restore(legs);
        await exchange.start();
        return living;
      };
    },
    now: house.now,
    patienceMs: 0,
    settle: () => house.settle(),
    async call(request) {
      const caller = await call(house, request);
      const leg = house.of('leg.arrived').at(-1)?.leg;
      if (leg === undefined) throw new Error('no leg arrived');
      return { ...caller, leg, hears: () => media.hears(leg) };
    },
    async callee(leg) {
      await house.settle();
      const found = house.sip.callees.at(-1);
      if (found === undefined) throw new Error('nobody was called');
      const theirs = { ...offerOf(), address: '192.0.2.77' };
      return {
        leg,
        number: /^sip:(.*)@/.exec(found.request.to)?.[1] ?? '',
        rings: (early = false) => found.ring(early ? 183 : 180, early ? theirs : null),
        answers: () => found.answer(theirs),
        refuses: (why) => found.end('refused', statuses[why]),
        hangUp: () => found.end('hung-up'),
        told: () => ['called', ...found.told.map((word) => (word === 'cancel' ? 'cancelled' : 'ended'))],
        hears: () => media.hears(leg),
      };
    },
    async openLine(agent) {
      const line = `ln_${++lines}` as LineId;
      await house.exchange.openLine({ agent, line, offer: 'v=0\r\n' });
      const at = house.now();
      return {
        line,
        prove: () => media.say({ type: 'line-proven', leg: line, at, rttMs: 1 }),
        lose: (because) =>
          media.say(
            because === 'heartbeat'
              ? { type: 'line-suspect', leg: line, at, because }
              : { type: 'leg-lost', leg: line, at, because },
          ),
        hears: () => media.hears(line),
      };
    },
    async dispose() {
      await house.exchange.stop();
      expect(house.exchange.health()).toMatchObject({ legs: 0, lines: 0, recordings: 0 });
      expect([...media.legs.keys()]).toEqual([]);
      expect(house.timers).toBe(0);
    },
  };
}

telephonyContract('exchange, caller by SIP', () =>
  rig(async (house, request) => {
    const caller = house.sip.invite(request);
    if (caller === null) throw new Error('refused');
    await house.settle();
    const leg = house.of('leg.arrived').at(-1)?.leg ?? '';
    return {
      hangUp: () => caller.hangUp(),
      press: (digit) => house.media.say({ type: 'dtmf', leg, at: house.now(), digit }),
      told: () => caller.told.map((word) => (word === 'ringing' || word === 'answered' ? word : 'ended')),
      hears: () => 'silence',
    };
  }),
);

/** The page's socket ends with the process that holds it, and the page then says that the call is over. */
const diesWithUs = 'a web page is connected to the control process itself';

telephonyContract(
  'exchange, caller from a web page',
  () =>
    rig(async (house, { from, to }) => {
      const told: PhoneServerMessage[] = [];
      const phone = await house.exchange.dial({ from: from as string, to, offer: 'v=0\r\n' }, (message) =>
        told.push(message),
      );
      const leg = [...house.media.legs.keys()].at(-1) ?? '';
      house.media.say({ type: 'leg-connected', leg, at: house.now() });
      await house.settle();
      return {
        hangUp: () => phone.hangUp(),
        press: (digit) => phone.dtmf(digit),
        told: () => told.map((message) => message.type as 'ringing' | 'answered' | 'ended'),
        hears: () => 'silence',
      };
    }),
  { TEL26: diesWithUs, TEL27: diesWithUs, TEL28: diesWithUs, TEL29: diesWithUs, TEL31: diesWithUs },
);
