/** The contract of core's Telephony port on the exchange as it is shipped: SIP over UDP, a media process, WebRTC, real audio. */
import type { LineId } from '@denwaban/core';
import type { PhoneServerMessage } from '@denwaban/core/wire';
import { afterAll, beforeAll, expect } from 'vitest';
import { DeskLine } from '../../../telephony/src/carriers/testing/desk-line.js';
import { now, realExchange } from '../../../telephony/src/carriers/testing/real-exchange.js';
import { ScriptedCarrier } from '../../../telephony/src/carriers/testing/scripted-carrier.js';
import { ScriptedCaller } from '../../../telephony/src/carriers/testing/scripted-caller.js';
import {
  telephonyContract,
  type ContractCallee,
  type ContractCaller,
  type ContractRig,
} from '../../../telephony/src/carriers/testing/telephony-contract.js';
import { classify, toneFrame } from '../../../telephony/src/carriers/testing/tone.js';
import { compile, startMedia, type RunningMedia } from '../../../telephony/src/media/testing/media-process.js';
import { sleep, until } from '../peers/process.js';

const customerHz = 700;
const agentHz = 1_000;
/** SIP 6100-6199: the exchange's own first, then its carriers' and its callers'. RTP 20200-20399: the media process's, then the callers'. */
const ports = { sip: 6_100, rtp: 20_300 };

let media: RunningMedia;
beforeAll(async () => {
  compile();
  media = await startMedia({ portMin: 20_200, portMax: 20_299 });
}, 90_000);
afterAll(() => media.stop());

const statuses = { busy: 486, declined: 603, 'unknown-number': 404, 'no-answer': 480 } as const;

type House = Awaited<ReturnType<typeof realExchange>>;
type Phone = Omit<ContractCaller, 'leg'> & { close(): void };
let turn = 0;

async function rig(
  dial: (house: House, call: { from: string | null; to: string }) => Promise<Phone>,
): Promise<ContractRig> {
  const n = turn++ % 20;
  const sipPort = ports.sip + n;
  const carrier = await ScriptedCarrier.open(ports.sip + 20 + n, customerHz);
  const server = { host: '127.0.0.1', port: ports.sip + 20 + n, transport: 'udp' } as const;
  const plain = { account: null, callerId: null, callerIdHeader: 'from', headers: [], codecs: ['PCMU'] } as const;
  const trunk = { outbound: { server, ...plain } };
  let house = await realExchange(media, sipPort, { trunk });
  const closing: { close(): void }[] = [carrier];
  let claimed = 0;
  let lines = 0;
  return {
    get telephony() {
      return house.exchange;
    },
    async controlDies() {
      // As near to a kill as one process comes: the sockets close, and not a word is said.
      await house.exchange.leave(0);
      house = await realExchange(media, sipPort, { started: false, recordingsDir: house.recordingsDir, trunk });
    },
    now,
    patienceMs: 5_000,
    settle: () => sleep(60),
    async call(request) {
      const arrivals = () => house.events.flatMap((event) => (event.type === 'leg.arrived' ? [event.leg] : []));
      const before = arrivals().length;
      const phone = await dial(house, request);
      closing.push(phone);
      const leg = await until('the leg', () => arrivals()[before]);
      return { ...phone, leg };
    },
    async callee(leg) {
      const at = claimed++;
      const callee = await until('an INVITE', () => carrier.callees[at]);
      return {
        leg,
        number: callee.number,
        rings: (early) => void callee.rings(early),
        answers: () => void callee.answers(),
        refuses: (why) => callee.refuses(statuses[why]),
        hangUp: () => callee.hangUp(),
        told: () => callee.told as ReturnType<ContractCallee['told']>,
        async hears() {
          const { audio } = callee;
          if (audio === null) return 'silence';
          return listen({ listenAnew: () => void (audio.heard.length = 0), sound: () => audio.sound() }, agentHz);
        },
      };
    },
    async openLine(agent) {
      const line = `ln_${turn}_${++lines}` as LineId;
      const desk = await DeskLine.make('line', toneFrame(agentHz));
      closing.push(desk);
      const { answer } = await house.exchange.openLine({ agent, line, offer: desk.offer });
      desk.answered(answer);
      return {
        line,
        prove: () => desk.prove(),
        lose(because) {
          if (because === 'closed') desk.close();
          else desk.echoes = false;
        },
        hears: () => listen(desk, customerHz),
      };
    },
    async dispose() {
      const left = await house.dispose();
      for (const peer of closing) peer.close();
      expect(left).toMatchObject({
        media: true,
        legs: 0,
        lines: 0,
        linesProven: 0,
        recordings: 0,
        dialogs: 0,
        transactions: expect.any(Number),
        mediaLegs: 0,
      });
    },
  };
}

async function listen(ear: { listenAnew(): void; sound(): Float32Array }, hz: number) {
  await sleep(60); // what is on its way belongs to what was
  ear.listenAnew();
  await sleep(200);
  return classify(ear.sound(), hz);
}

telephonyContract('exchange with its media process, caller by SIP', () =>
  rig(async (house, call) => {
    const n = ++turn % 40;
    const caller = await ScriptedCaller.dial(
      { ...call, sipPort: ports.sip + 40 + n, rtpPort: ports.rtp + 2 * n, hz: customerHz },
      house.target,
    );
    const ear = {
      listenAnew: () => void (caller.audio.heard.length = 0),
      sound: () => caller.audio.sound(),
    };
    return {
      hangUp: () => caller.hangUp(),
      press: (digit) => caller.press(digit),
      told: () => caller.told.map((word) => (word === 'ringing' || word === 'answered' ? word : 'ended')),
      hears: () => listen(ear, agentHz),
      close: () => caller.close(),
    };
  }),
);

/** The page's socket ends with the process that holds it; a process that is told to go ends the page's call itself. */
const diesWithUs = 'a web page is connected to the control process itself';

telephonyContract(
  'exchange with its media process, caller from a web page',
  () =>
    rig(async (house, { from, to }) => {
      const told: PhoneServerMessage[] = [];
      const page = await DeskLine.make('phone', toneFrame(customerHz));
      const dialled = await house.exchange.dial({ from: from as string, to, offer: page.offer }, (message) =>
        told.push(message),
      );
      page.answered(dialled.answer);
      return {
        hangUp: () => dialled.hangUp(),
        press: (digit) => dialled.dtmf(digit),
        told: () =>
          told.flatMap(({ type }) => (type === 'ringing' || type === 'answered' || type === 'ended' ? [type] : [])),
        hears: () => listen(page, agentHz),
        close: () => page.close(),
      };
    }),
  { TEL26: diesWithUs, TEL27: diesWithUs, TEL28: diesWithUs, TEL29: diesWithUs, TEL30: diesWithUs, TEL31: diesWithUs },
);
