/** The exchange calls out over real sockets for agents at desks of plain code. The carriers are sipp's, or another telephone's. */
import {
  mintId,
  type AgentId,
  type E164,
  type LegId,
  type PhoneEvent,
  type RecordingId,
  type TrunkId,
} from '@denwaban/core';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Trunk, TrunkOutbound } from '../../../telephony/src/carriers/exchange/trunk.js';
import { DeskLine } from '../../../telephony/src/carriers/testing/desk-line.js';
import { now, realExchange } from '../../../telephony/src/carriers/testing/real-exchange.js';
import { classify, toneFrame } from '../../../telephony/src/carriers/testing/tone.js';
import type { TlsServer } from '../../../telephony/src/net/tls.js';
import { compile, startMedia, type RunningMedia } from '../../../telephony/src/media/testing/media-process.js';
import { freePorts } from '../peers/ports.js';
import { sleep, until } from '../peers/process.js';
import { runSipp, type SippResult } from './sipp.js';
import { scenario } from './sipp-scenario.js';

export const agentHz = 1_000;
/** What sipp's stream hums. */
export const networkHz = 700;

type House = Awaited<ReturnType<typeof realExchange>>;
type EventOf<Type extends PhoneEvent['type']> = Extract<PhoneEvent, { type: Type }>;
type Heard = ReturnType<typeof classify>;

export interface Carrier {
  port: number;
  /** Sipp's end: every call went as the scenario says. */
  fine(calls?: number): Promise<SippResult>;
  /** The requests of this method as they came over the wire, in order. */
  heard(method: string): string[];
}

export interface PlacedCall {
  leg: LegId;
  agent: AgentId;
  desk: DeskLine;
  /** What became of it, in order: `ringing`, `ringing early`, `answered`, `joined`, `ended <cause>`. */
  told(): string[];
  /** The first event of this type, past or to come. */
  event<Type extends PhoneEvent['type']>(type: Type, withinMs?: number): Promise<EventOf<Type>>;
  /** Joins agent and far end, as the engine does at the answer, and records them if there is a recording to make. */
  join(recording?: RecordingId): Promise<void>;
  hangUp(): void;
  /** What the agent hears from now on, a word each fifth of a second. */
  listensFor(ms: number): Promise<Heard[]>;
  /** Waits until the agent hears this. */
  hears(what: Heard, withinMs?: number): Promise<void>;
}

/** @param rtp the first of 100 ports for the media process's and, behind it, sipp's audio */
export function carrierStage(rtp: number) {
  let media: RunningMedia | undefined;
  let house: House | null = null;
  let sipPort = 0;
  const folder = mkdtempSync(join(tmpdir(), 'denwaban-carrier-'));
  const tone = join(folder, 'network.ul');
  const closing: (() => unknown)[] = [];
  let carriers = 0;
  let agents = 0;

  beforeAll(async () => {
    writeFileSync(tone, Buffer.concat(Array.from({ length: 50 }, () => toneFrame(networkHz))));
    compile();
    media = await startMedia({ portMin: rtp, portMax: rtp + 59 });
  }, 90_000);
  afterEach(async () => {
    const left = await house?.dispose();
    house = null;
    for (const close of closing.splice(0)) await close();
    if (left !== undefined) expect(left).toMatchObject({ legs: 0, lines: 0, recordings: 0, dialogs: 0, mediaLegs: 0 });
  });
  afterAll(async () => {
    await media?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const need = (): House => {
    if (house === null) throw new Error('open the house first');
    return house;
  };

  return {
    folder,
    /** A hum, for `plays`. */
    network: { file: tone },
    get exchange() {
      return need().exchange;
    },
    get complaints() {
      return need().complaints;
    },
    get sipPort() {
      return sipPort;
    },
    get media() {
      if (media === undefined) throw new Error('no media process');
      return media;
    },
    closing: (close: () => unknown) => void closing.push(close),

    /** A trunk that only calls out. */
    trunk(id: string, port: number, outbound: Partial<TrunkOutbound> = {}, more: Partial<Trunk> = {}): Trunk {
      const server = { host: '127.0.0.1', port, transport: 'udp' } as const;
      const plain = { server, account: null, callerId: null, callerIdHeader: 'from', headers: [] } as const;
      return {
        id: id as TrunkId,
        name: id,
        inbound: { addresses: [] },
        outbound: { ...plain, codecs: ['PCMU', 'PCMA'], ...outbound },
        ...more,
      };
    },

    /** Sipp waits to be called `calls` times. Resolves when it is there. */
    async carrier(name: string, steps: readonly string[], calls = 1, args: readonly string[] = []): Promise<Carrier> {
      const port = await freePorts('sip');
      const audio = rtp + 60 + (carriers++ % 4) * 10;
      const file = scenario(folder, name, steps);
      const wire = join(folder, `${name}-${port}.log`);
      const own = ['-sf', file, '-i', '127.0.0.1', '-p', String(port), '-m', String(calls), '-nd'];
      const sound = ['-mi', '127.0.0.1', '-mp', String(audio)];
      const result = runSipp([...own, ...sound, '-trace_msg', '-message_file', wire, ...args], {
        cwd: folder,
        timeoutMs: 100_000,
      });
      const died = await Promise.race([result, sleep(500)]); // it has bound its port by then
      if (died !== undefined) throw new Error(`sipp did not start:\n${died.output}`);
      return {
        port,
        async fine(count = calls) {
          const ended = await result;
          expect(ended, ended.output).toMatchObject({ code: 0, successful: count, failed: 0 });
          return ended;
        },
        heard: (method) =>
          readFileSync(wire, 'latin1')
            .split(/^-{10,}.*$/m)
            .filter((part) => /message received/.test(part))
            .map((part) => part.replace(/^[^]*?\n\n/, ''))
            .filter((part) => part.startsWith(`${method} `)),
      };
    },

    /** The exchange, with these trunks. */
    async open(trunks: readonly Trunk[], tls?: TlsServer): Promise<void> {
      sipPort = await freePorts('sip');
      house = await realExchange(this.media, sipPort, { trunks, ...(tls === undefined ? {} : { tls }) });
    },

    /** An agent calls. `says`: µ-law, over and over. */
    async place(to: string, trunk: string | null = null, says = toneFrame(agentHz)): Promise<PlacedCall> {
      const { exchange, events } = need();
      const agent = `ag_${++agents}` as AgentId;
      const desk = await DeskLine.make('line', says);
      closing.push(() => desk.close());
      const line = mintId('ln', now(), randomBytes(10));
      desk.answered((await exchange.openLine({ agent, line, offer: desk.offer })).answer);
      desk.prove();
      await until('the line', () => events.some((one) => one.type === 'line.proven' && one.line === line));
      const leg = mintId('lg', now(), randomBytes(10));
      const agentLeg = mintId('lg', now(), randomBytes(10));
      exchange.carryOut({ type: 'place', leg, to: to as E164, trunk: trunk as TrunkId | null, agentLeg, agent });
      const ours = () =>
        events.filter((one) => ('leg' in one && one.leg === leg) || ('customer' in one && one.customer === leg));
      const event = <Type extends PhoneEvent['type']>(type: Type, withinMs = 10_000) =>
        until(`${type} of ${to}`, () => ours().find((one): one is EventOf<Type> => one.type === type), { withinMs });
      const listensFor = async (ms: number): Promise<Heard[]> => {
        const heard: Heard[] = [];
        for (let at = 0; at < ms; at += 200) {
          desk.listenAnew();
          await sleep(200);
          heard.push(classify(desk.sound(), networkHz));
        }
        return heard;
      };
      return {
        ...{ leg, agent, desk, event, listensFor },
        told: () =>
          ours().flatMap((one) => {
            if (one.type === 'leg.ringing') return [one.early ? 'ringing early' : 'ringing'];
            if (one.type === 'leg.ended') return [`ended ${one.cause}`];
            return one.type.startsWith('leg.') ? [one.type.slice(4)] : [];
          }),
        async join(recording) {
          await event('leg.answered');
          exchange.carryOut({ type: 'join', customer: leg, agentLeg, agent, recording: recording ?? null });
          await event('leg.joined');
        },
        hangUp: () => exchange.carryOut({ type: 'hang-up', leg, cause: 'normal' }),
        async hears(what, withinMs = 5_000) {
          const until = Date.now() + withinMs;
          let heard: Heard[] = [];
          while (Date.now() < until) {
            heard = await listensFor(200);
            if (heard.at(-1) === what) return;
          }
          expect(heard.at(-1), `what the agent hears within ${withinMs} ms`).toBe(what);
        },
      };
    },
  };
}
