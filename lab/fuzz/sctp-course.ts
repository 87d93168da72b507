/**
 * Whole courses of an association, step by step: what a far end that DTLS has proven may send in whatever order, what our own side
 * says, and time. Nothing throws, nothing is said or told after the end, and no timer rings without end.
 */
import { chunkTypes, readInit, writeInit } from '../../telephony/src/sctp/chunks.js';
import { writeOpen } from '../../telephony/src/sctp/data-channel.js';
import { words, writeChunk, writeParameter } from '../../telephony/src/sctp/packet.js';
import { FarEnd, farTag, farTsn } from '../../telephony/src/sctp/testing/far-end.js';
import { bytesOf, latin1, mutateList, mutateText, smallerList } from './mutate.js';
import type { Random } from './random.js';
import { looked } from './sctp.js';
import { ensure, type Report, type Target } from './target.js';

/** One thing that the far end, our own side or time does. What the numbers mean is each one's own. */
export type SctpStep = { does: (typeof deeds)[number]; n: number; m: number; text: string };
const deeds = [
  ...([
    'init',
    'old-cookie',
    'cookie',
    'init-ack',
    'cookie-ack',
    'data',
    'sack',
    'reset',
    'answer',
    'shutdown',
  ] as const),
  ...(['chunk', 'echo', 'begin', 'say', 'open', 'close-channel', 'close', 'pass'] as const),
];
const step = (does: SctpStep['does'], n = 0, m = 0, text = ''): SctpStep => ({ does, n, m, text });
const edges = [0, 1, 2, 3, 5, 15, 16, 255, 256, 1_023, 1_024, 1_025, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const waits = [1, 20, 299, 301, 1_000, 3_000, 59_999, 60_001, 300_000];
/** So many steps, so many bytes of one: what comes beyond looks like what came before. */
const stepsMax = 60;
const sayBytesMax = 20_000;

class Course {
  readonly far = new FarEnd();
  private readonly cookies: { cookie: Buffer; tag: number }[] = [];
  private said = 0;

  does({ does, n, m, text }: SctpStep): void {
    const { far } = this;
    const { association } = far;
    switch (does) {
      case 'init': {
        const cookie = far.init({
          tag: (farTag + n) >>> 0,
          window: m >>> 0 || 65_536,
          rest: Buffer.from(bytesOf(text)),
        });
        if (cookie.length > 0) this.cookies.push({ cookie, tag: far.tag });
        return;
      }
      case 'cookie':
      case 'old-cookie': {
        const kept =
          does === 'cookie' ? this.cookies.at(-1) : this.cookies[(n >>> 0) % Math.max(1, this.cookies.length)];
        if (kept !== undefined) far.cookie(kept.cookie, (kept.tag ^ m) >>> 0);
        if (kept !== undefined && far.got('cookieAck').length > 0) far.tag = kept.tag;
        return;
      }
      case 'init-ack': {
        // Of our own INIT, which begin() sent.
        const ours = far.got('init').map(({ value }) => readInit(value))[0];
        if (ours == null) return;
        far.tag = ours.tag;
        far.tsn = ours.tsn;
        const rest = Buffer.concat([writeParameter(7, Buffer.from('cookie')), Buffer.from(bytesOf(text))]);
        const told = { tag: farTag, window: 65_536, outStreams: 9, inStreams: n & 0xffff || 1, tsn: farTsn, rest };
        return far.say(far.tag, writeInit('initAck', told));
      }
      case 'cookie-ack':
        return far.say(far.tag, writeChunk(chunkTypes.cookieAck));
      case 'data': {
        const ppid = [51, 50, 53, 56, 57, 0][(n >>> 0) % 6]!;
        const bytes = ppid === 50 && text === '' ? writeOpen('ctl') : Buffer.from(bytesOf(text));
        const ends = (n & 8) === 0;
        const change = {
          ppid,
          bytes,
          ends,
          begins: (n & 16) === 0,
          unordered: (n & 32) !== 0,
          stream: (n >>> 6) & 0xffff,
        };
        return far.data(m === 0 ? change : { ...change, tsn: (farTsn + m) >>> 0 });
      }
      case 'sack':
        return far.acknowledge(far.tsn - 1 + n, [1 + (m & 0xf), 1 + ((m >>> 4) & 0xff)], [m >>> 16, m & 0xffff]);
      case 'reset':
        return far.reConfig(
          13 + ((m >>> 0) % 6),
          Buffer.concat([words(farTsn + n, 0, farTsn + (m >>> 3)), bytesOf(text)]),
        );
      case 'answer':
        return far.reConfig(16, words(far.tsn + n, m));
      case 'shutdown':
        return far.say(far.tag, writeChunk([7, 8, 14, 6][(n >>> 0) % 4]!, m & 1, words(far.tsn + m)));
      case 'chunk':
        return far.say((far.tag ^ m) >>> 0, writeChunk(n & 0xff, (n >>> 8) & 0xff, bytesOf(text)));
      case 'echo': {
        const own = far.sent[(n >>> 0) % Math.max(1, far.sent.length)];
        if (own === undefined) return;
        return far.say(
          m === 0 ? far.tag : own.tag,
          ...own.chunks.map((one) => writeChunk(one.type, one.flags, one.value)),
        );
      }
      case 'begin':
        return association.begin();
      case 'say': {
        const taken = association.say(n & 0xffff, text.repeat(1 + ((m >>> 0) % 100)).slice(0, sayBytesMax));
        if (taken) this.said++;
        return;
      }
      case 'open':
        return void association.open(n & 0xffff, text);
      case 'close-channel':
        return association.closeChannel(n & 0xffff);
      case 'close':
        return association.close();
      case 'pass':
        return far.pass(Math.min(n >>> 0, 300_000));
    }
  }

  /** In classes: each count would else be new for ever. */
  get word(): string {
    const { far, said } = this;
    const seen = [far.opened, far.heard, far.gone].map((list) => Math.min(2, list.length));
    return `${far.closed.join()} ${seen.join('')} ${said > 0} ${far.association.nextTimer() === null}`;
  }
}

function overSteps(steps: SctpStep[], report: Report): void {
  const course = new Course();
  const { far } = course;
  let over = false;
  for (const one of steps.slice(0, stepsMax)) {
    const [sent, told] = [far.sent.length, far.heard.length + far.opened.length + far.gone.length];
    report.timed(() => course.does(one));
    looked(far, sent, report);
    const more = far.sent.length > sent || far.heard.length + far.opened.length + far.gone.length > told;
    ensure(!over || !more, 'speaks-after-its-end', one.does);
    ensure(far.closed.length <= 1, 'ends-twice', far.closed.join());
    over ||= far.closed.length > 0 || one.does === 'close';
    ensure(!over || far.association.nextTimer() === null, 'timer-after-its-end', one.does);
    const due = far.association.nextTimer();
    ensure(due === null || Number.isFinite(due), 'no-time', String(due));
    report.saw(`${one.does} ${course.word}`);
  }
  // Far more timers than an honest five minutes have: one that is due again at once would never end.
  let rings = 0;
  for (let due = far.association.nextTimer(); due !== null; due = far.association.nextTimer()) {
    ensure(++rings < 200, 'timer-without-end', String(due));
    far.nowMs = Math.max(far.nowMs, due);
    report.timed(() => far.association.timer());
  }
  looked(far, 0, report);
  report.saw(`end ${course.word}`);
}

function mutateSteps(input: SctpStep[], other: SctpStep[], random: Random): SctpStep[] {
  const number = (n: number): number =>
    random.once(3)
      ? random.pick(edges)
      : random.once(2)
        ? n + random.below(5) - 2
        : (n ^ (1 << random.below(31))) >>> 0;
  const bend = (one: SctpStep): SctpStep => {
    switch (random.below(5)) {
      case 0:
        return { ...one, does: random.pick(deeds) };
      case 1:
        return { ...one, n: number(one.n) };
      case 2:
        return { ...one, m: number(one.m) };
      case 3:
        return step('pass', random.pick(waits));
      default:
        return { ...one, text: mutateText(one.text, random.pick(other).text, random).slice(0, 2_000) };
    }
  };
  return mutateList(input, other, random, bend, stepsMax);
}

const extensions = latin1(writeParameter(0x8008, Buffer.of(130)));
const begun = [step('init', 0, 0, extensions), step('cookie'), step('data', 1), step('sack', 1)];

export const sctpCourse: Target<SctpStep[]> = {
  name: 'sctp-course',
  extension: 'json',
  seeds: () => [
    [...begun, step('say', 0, 0, 'x'), step('sack', 2), step('data', 0, 0, 'y'), step('pass', 1_000)],
    [
      ...begun,
      step('say', 0, 99, 'x'.repeat(200)),
      step('say', 0, 0, 'x'),
      step('sack', 1, 0x21),
      step('pass', 60_000),
    ],
    [...begun, step('data', 8, 0, 'x'), step('data', 24, 0, 'y'), step('data', 16, 0, 'z'), step('data', 0, 9, 'w')],
    [...begun, step('reset', 0, 0, '\0\0'), step('answer', 0, 1), step('data', 1), step('say', 0, 0, 'x')],
    [...begun, step('close-channel'), step('answer', 0, 6), step('pass', 60_000)],
    [...begun, step('say', 0, 0, 'x'), step('shutdown', 0), step('sack', 2), step('shutdown', 2), step('pass', 9_000)],
    [...begun, step('init', 5, 0, extensions), step('cookie'), step('say', 0, 0, 'x')],
    [step('init'), step('init', 1), step('pass', 60_001), step('cookie'), step('old-cookie')],
    [
      step('begin'),
      step('init-ack', 9, 0, extensions),
      step('cookie-ack'),
      step('open', 2, 0, 'ctl'),
      step('say', 2, 0, 'x'),
    ],
    [
      step('begin'),
      step('init', 0, 0, extensions),
      step('cookie'),
      step('echo', 0),
      step('pass', 3_000),
      step('close'),
    ],
  ],
  mutate: mutateSteps,
  encode: (steps) => Buffer.from(`${JSON.stringify(steps)}\n`, 'utf8'),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString('utf8')) as SctpStep[],
  smaller: smallerList,
  run: overSteps,
};
