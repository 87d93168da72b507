import { epochMs, type AgentId, type LineId } from '@denwaban/core';
import { expect, test } from 'vitest';
import {
  telephonyContract,
  type ContractRig,
  type Heard,
} from '../../../telephony/src/carriers/testing/telephony-contract.js';
import { simulatedTelephony, type Hears } from './telephony.js';

const coarse = (hears: Hears): Heard =>
  hears === 'silence' || hears === 'ringing' ? 'silence' : /^(ag|lg)_/.test(hears) ? 'person' : 'sound';

function rig(): ContractRig {
  let at = 1_000_000;
  let lines = 0;
  const telephony = simulatedTelephony({ now: () => epochMs(at++) });
  return {
    telephony,
    now: () => epochMs(at),
    patienceMs: 0,
    call(request) {
      const leg = telephony.callerArrives(request);
      return Promise.resolve({
        leg,
        hangUp: () => telephony.callerHangsUp(leg),
        press: (digit) => telephony.callerPresses(leg, digit),
        told() {
          const rang = telephony.log.some((command) => command.type === 'ring' && command.leg === leg);
          const answered = telephony.events.some((event) => event.type === 'leg.answered' && event.leg === leg);
          return [
            ...(rang ? (['ringing'] as const) : []),
            ...(answered ? (['answered'] as const) : []),
            ...(telephony.isUp(leg) ? [] : (['ended'] as const)),
          ];
        },
        hears: () => coarse(telephony.hears(leg)),
      });
    },
    callee(leg) {
      const whom = telephony.placed().find((one) => one.leg === leg);
      if (whom === undefined) throw new Error('nobody was called');
      let answered = false;
      return Promise.resolve({
        leg,
        number: whom.to,
        rings: (early) => telephony.calleeRings(leg, early),
        answers() {
          answered = true;
          telephony.calleeAnswers(leg);
        },
        refuses: (why) => telephony.calleeRefuses(leg, why),
        hangUp: () => telephony.callerHangsUp(leg),
        told: () => (telephony.isUp(leg) ? ['called'] : ['called', answered ? 'ended' : 'cancelled']),
        hears: () => coarse(telephony.hears(leg)),
      });
    },
    async openLine(agent) {
      const line = `ln_${++lines}` as LineId;
      await telephony.openLine({ agent, line, offer: 'v=0\r\n' });
      return {
        line,
        prove: () => telephony.proveLine(agent),
        lose: (because) => telephony.loseLine(agent, because),
        hears: () => coarse(telephony.agentHears(agent)),
      };
    },
    settle: () => telephony.settle(),
    controlDies: () => Promise.resolve(telephony.controlDies()),
    dispose: () => Promise.resolve(),
  };
}

telephonyContract('simulation', rig);

const anna = 'ag_anna' as AgentId;

test('a simulated media process takes every leg and line with it when it dies', async () => {
  const telephony = simulatedTelephony({ now: () => epochMs(5) });
  await telephony.openLine({ agent: anna, line: 'ln_1' as LineId, offer: '' });
  telephony.proveLine(anna);
  const leg = telephony.callerArrives({ from: null, to: '1' });
  telephony.mediaProcessDies();
  expect(telephony.events.slice(-3)).toEqual([
    { type: 'media.lost', at: 5 },
    { type: 'leg.ended', leg, at: 5, cause: 'media-lost' },
    { type: 'line.lost', agent: anna, line: 'ln_1', at: 5, because: 'media-process' },
  ]);
  expect(telephony.isUp(leg)).toBe(false);
});

test('recordings can be finished by hand, to try what happens while they are late', async () => {
  let at = 0;
  const telephony = simulatedTelephony({ now: () => epochMs(at), recordings: 'by-hand' });
  await telephony.openLine({ agent: anna, line: 'ln_1' as LineId, offer: '' });
  telephony.proveLine(anna);
  const customer = telephony.callerArrives({ from: null, to: '1' });
  telephony.carryOut({
    type: 'join',
    customer,
    agentLeg: 'lg_a' as never,
    agent: anna,
    recording: 'rc_1' as never,
  });
  await telephony.settle();
  at = 3_000;
  telephony.callerHangsUp(customer);
  expect(telephony.events.map(({ type }) => type)).not.toContain('recording.finished');
  telephony.finishRecordings();
  expect(telephony.events.at(-1)).toMatchObject({ type: 'recording.finished', recording: 'rc_1', durationMs: 3_000 });
});
