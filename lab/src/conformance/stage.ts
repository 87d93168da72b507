/** What every proof with the real system stands on: it is started once a file, with browsers and telephones at hand. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConversationDetail, DemoInfo } from '@denwaban/core/wire';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { Agent, type TabOptions } from '../peers/agent.js';
import { Baresip, type BaresipOptions } from '../peers/baresip.js';
import { launchBrowser, missingBrowser } from '../peers/browser.js';
import type { TapSound } from '../peers/lay-out.js';
import { cut, find, rms } from '../peers/correlate.js';
import { Denwaban, type Session } from '../peers/denwaban.js';
import { missing, sleep, until } from '../peers/process.js';
import { voice, type Voice } from '../peers/speech.js';
import { decodeUlaw, writeWav, type Sound } from '../peers/wav.js';

/** Screens, recordings and other things to look at and listen to; not in git. */
export const outFolder = fileURLToPath(new URL('../../out', import.meta.url));

export function missingStage(): string | null {
  return missingBrowser() ?? missing('baresip', 'espeak-ng', 'sox');
}

type Customer = DemoInfo['customers'][number];
type Person = DemoInfo['people'][number];

export interface Stage {
  readonly system: Denwaban;
  readonly admin: Session;
  readonly voices: { customer: Voice; agent: Voice };
  /** The browser whose microphone speaks with this voice; started at the first call. */
  browser(who: 'customer' | 'agent'): Promise<Browser>;
  /** The `n`-th customer whose owner is another agent than those of the customers before. */
  customerWithOwner(n: number): { customer: Customer; owner: Person };
  /** An agent of the same team. */
  teammate(of: Person): Person;
  companyNumber(): { number: string; host: string; port: number };
  telephone(options: Omit<BaresipOptions, 'folder'>): Promise<Baresip>;
  /** The `n`-th customer calls by telephone, their owner has answered, and both have talked for `talkMs`. */
  answeredCall(n: number, options?: AnsweredCallOptions): Promise<AnsweredCall>;
  /** Closes it when the test ends, however it ends. */
  closing<T extends { close(): unknown }>(what: T): T;
  /** The one conversation that started since, once it is closed. Fails when there is another one. */
  onlyConversation(since: number): Promise<ConversationDetail>;
  finishedRecording(conversation: string): Promise<Buffer>;
}

export interface AnsweredCallOptions extends Pick<BaresipOptions, 'transport' | 'srtp'> {
  tab?: TabOptions;
  talkMs?: number;
}

export interface AnsweredCall {
  customer: Customer;
  owner: Person;
  agent: Agent;
  phone: Baresip;
  /** Epoch ms: before the telephone dialled, and when it heard the answer. */
  begun: number;
  establishedAt: number;
}

/**
 * @param settings what this file's system is set to beyond the defaults of a run
 * @param trunks what stands in its trunks.json
 */
export function stage(
  settings: () => Promise<Record<string, string>> = async () => ({}),
  trunks: () => Promise<readonly object[]> = async () => [],
): Stage {
  let system: Denwaban | undefined;
  let admin: Session | undefined;
  let folder = '';
  const voices: Partial<Record<'customer' | 'agent', Voice>> = {};
  const browsers = new Map<string, Promise<Browser>>();
  const toClose: { close(): unknown }[] = [];
  const need = <T>(what: T | undefined): T => {
    if (what === undefined) throw new Error('the stage is set up by beforeAll');
    return what;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'denwaban-stage-'));
    voices.customer = voice('customer', folder);
    voices.agent = voice('agent', folder);
    system = await Denwaban.start({ settings: await settings(), trunks: await trunks() });
    admin = await system.admin();
  });
  afterEach(async (context) => {
    for (const what of toClose.splice(0)) await what.close();
    if (context.task.result?.state === 'fail') {
      process.stderr.write(`the system’s log:\n${system?.trouble(60)}\n`);
    }
  });
  afterAll(async () => {
    for (const browser of browsers.values()) await (await browser).close();
    const left = await system?.stop();
    await system?.remove();
    rmSync(folder, { recursive: true, force: true });
    expect(left ?? [], 'processes left after an ordered stop').toEqual([]);
  });

  const on: Stage = {
    get system() {
      return need(system);
    },
    get admin() {
      return need(admin);
    },
    get voices() {
      return { customer: need(voices.customer), agent: need(voices.agent) };
    },
    async browser(who) {
      const known = browsers.get(who) ?? launchBrowser(on.voices[who].microphone);
      browsers.set(who, known);
      return known;
    },
    customerWithOwner(n) {
      const { customers, people } = on.system.demo;
      const seen = new Set<string>();
      for (const customer of customers) {
        const owner = people.find((person) => person.email === customer.ownerEmail && person.role === 'agent');
        if (!owner || seen.has(owner.email)) continue;
        if (seen.size === n) return { customer, owner };
        seen.add(owner.email);
      }
      throw new Error(`the demo company has no ${n + 1} owners`);
    },
    teammate(of) {
      return need(
        on.system.demo.people.find(
          ({ team, role, email }) => team === of.team && role === 'agent' && email !== of.email,
        ),
      );
    },
    companyNumber() {
      const { sip, numbers } = on.system.demo;
      return { number: need(numbers[0]), ...sip };
    },
    async telephone(options) {
      const phone = await Baresip.start({ folder: mkdtempSync(join(folder, 'baresip-')), ...options });
      on.closing({ close: () => phone.stop() });
      return phone;
    },
    async answeredCall(n, { tab = {}, talkMs = 0, ...options } = {}) {
      const { customer, owner } = on.customerWithOwner(n);
      const agent = on.closing(await Agent.signIn(await on.browser('agent'), on.system, owner.email, tab));
      await agent.goAvailable();
      const phone = await on.telephone({ number: customer.phone, says: on.voices.customer.telephone, ...options });
      const begun = Date.now();
      await phone.dial(on.companyNumber());
      await agent.rings();
      await agent.answer();
      const { at: establishedAt } = await phone.event('CALL_ESTABLISHED');
      await sleep(talkMs);
      return { customer, owner, agent, phone, begun, establishedAt };
    },
    closing(what) {
      toClose.unshift(what);
      return what;
    },
    async onlyConversation(since) {
      const closed = await until(
        'the conversation closed',
        async () => {
          const [first, ...more] = await on.admin.conversations(since - 50);
          if (more.length > 0) throw new Error(`one call made ${more.length + 1} conversations`);
          return first?.status === 'closed' ? first : null;
        },
        { withinMs: 15_000, everyMs: 200 },
      );
      return on.admin.conversation(closed.id);
    },
    async finishedRecording(conversation) {
      await until(
        'the recording finished',
        async () => (await on.admin.conversation(conversation)).recording?.finished,
        { everyMs: 200 },
      );
      return on.admin.recording(conversation);
    },
  };
  return on;
}

/** A sound that the system plays, as samples: `hold-music`, `ring-back`, `announcement-reconnecting`. */
export function systemSound(name: string): Float32Array {
  return decodeUlaw(readFileSync(new URL(`../../../telephony/sounds/${name}.ul`, import.meta.url)));
}

/** Leaves a sound in the out folder, to be listened to after a run. */
export function keep(name: string, sound: Sound): Sound {
  mkdirSync(outFolder, { recursive: true });
  writeWav(join(outFolder, name), sound);
  return sound;
}

/** Two clocks tell the same duration or moment. */
export function near(what: string, ours: number, theirs: number, withinMs: number): void {
  const off = Math.round(ours - theirs);
  expect(
    Math.abs(off),
    `${what}: the record says ${ours}, the peers ${Math.round(theirs)}: ${off} ms off`,
  ).toBeLessThanOrEqual(withinMs);
}

/**
 * Where a channel's own zero lies on the clock of what was tapped at the agent's network edge, epoch ms.
 *
 * The offset of the two channels of a recording is the difference of their clocks: were they aligned exactly as the agent's
 * machine sent and received, both zeros would fall on the same moment. The jitter buffer and the sound card are beyond that
 * edge and no recorder at the server could know them; loopback's own way is well under a millisecond.
 */
export function channelClock(channel: Float32Array, tapped: TapSound): number {
  const from = Math.min(2, channel.length / 8000 / 4);
  const match = find(cut(channel, 8000, from, from + 4), tapped.samples);
  expect(match.coefficient, 'the channel is the voice that was tapped').toBeGreaterThan(0.9);
  return tapped.startedAt + match.at / 8 - from * 1000;
}

/**
 * How like two recordings of one voice are where one of them came through a jitter buffer, which may cut out or repeat 20 ms:
 * the median over stretches of 1.5 s, each aligned for itself. Stretches in which nobody speaks do not vote.
 */
export function likeness(heard: Float32Array, said: Float32Array): number {
  const votes: number[] = [];
  for (let at = 0.5; at + 1.5 < heard.length / 8000; at += 1.5) {
    const piece = cut(heard, 8000, at, at + 1.5);
    if (rms(piece) > 0.01) votes.push(find(piece, said).coefficient);
  }
  return votes.toSorted((a, b) => a - b)[votes.length >> 1] ?? 0;
}
