import type { LineId } from '@denwaban/core';
import type { PhoneServerMessage } from '@denwaban/core/wire';
import { expect } from 'vitest';
import { exchangeOnFakes } from '../testing/exchange-on-fakes.js';
import { telephonyContract, type ContractCaller, type ContractRig } from '../testing/telephony-contract.js';

type House = Awaited<ReturnType<typeof exchangeOnFakes>>;

async function rig(
  call: (house: House, request: { from: string | null; to: string }) => Promise<Omit<ContractCaller, 'leg'>>,
): Promise<ContractRig> {
  const house = await exchangeOnFakes();
  const { exchange, media } = house;
  let lines = 0;
  return {
    telephony: exchange,
    now: house.now,
    patienceMs: 0,
    settle: house.settle,
    async call(request) {
      const caller = await call(house, request);
      const leg = house.of('leg.arrived').at(-1)?.leg;
      if (leg === undefined) throw new Error('no leg arrived');
      return { ...caller, leg, hears: () => media.hears(leg) };
    },
    async openLine(agent) {
      const line = `ln_${++lines}` as LineId;
      await exchange.openLine({ agent, line, offer: 'v=0\r\n' });
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
      await exchange.stop();
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

telephonyContract('exchange, caller from a web page', () =>
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
);
