import { expect, test } from 'vitest';
import type { RtpHeader } from './header.js';
import { IncomingStream } from './incoming.js';
import { LineMeter } from './line-meter.js';

const epoch = 1_700_000_000_000;
/** A telephone of a test: numbers packets, and has a meter of its own. */
class End {
  readonly meter: LineMeter;
  readonly stream = new IncomingStream();
  private sequence = 100;
  readonly ssrc: number;
  constructor(ssrc: number) {
    this.ssrc = ssrc;
    this.meter = new LineMeter(ssrc, 'here', (nowMs) => epoch + nowMs);
  }
  send(nowMs: number): RtpHeader {
    this.sequence = (this.sequence + 1) & 0xffff;
    const timestamp = nowMs * 8;
    this.meter.sent(timestamp, 160, nowMs);
    const { sequence, ssrc } = this;
    return { payloadType: 0, marker: false, sequence, timestamp, ssrc, payloadOffset: 12, payloadLength: 160 };
  }
  hear(header: RtpHeader, nowMs: number): void {
    const verdict = this.stream.judge(header);
    if (verdict !== 'duplicate' && verdict !== 'doubtful') this.meter.heard(header, verdict, true, nowMs);
  }
}

/** Ten seconds both ways; `way` says when a packet of `a`'s arrives, or null for never. */
function talk(a: End, b: End, way: (n: number, nowMs: number) => number | null, seconds = 10): void {
  const due: { at: number; header: RtpHeader }[] = [];
  for (let n = 0; n < seconds * 50; n++) {
    const nowMs = n * 20;
    const at = way(n, nowMs);
    const header = a.send(nowMs);
    if (at !== null) due.push({ at, header });
    a.hear(b.send(nowMs), nowMs + 5);
  }
  for (const { at, header } of due.toSorted((x, y) => x.at - y.at)) b.hear(header, at);
}

test('a clean line: everything came, no jitter, the best score that there is', () => {
  const [a, b] = [new End(1), new End(2)];
  talk(a, b, (_, nowMs) => nowMs + 5);
  expect(b.meter.measure(20)).toEqual({
    mos: 4.41,
    from: { packets: 500, lostPercent: 0, jitterMs: 0, mos: 4.41 },
    to: null,
    rttMs: null,
  });
  expect(b.meter.measure(20)).toBeNull();
});

test('every twentieth packet lost is 5 %; the same in runs of five is worse', () => {
  const [a, b, c, d] = [new End(1), new End(2), new End(3), new End(4)];
  talk(a, b, (n, nowMs) => (n % 20 === 10 ? null : nowMs + 5));
  talk(c, d, (n, nowMs) => (n % 100 >= 50 && n % 100 < 55 ? null : nowMs + 5));
  const [spread, bursts] = [b.meter.measure(20)?.from, d.meter.measure(20)?.from];
  expect(spread?.lostPercent).toBe(5);
  expect(bursts?.lostPercent).toBe(5);
  expect(bursts!.mos).toBeLessThan(spread!.mos);
  expect(spread!.mos).toBeLessThan(4.1);
});

test('a packet that came late was not lost', () => {
  const [a, b] = [new End(1), new End(2)];
  talk(a, b, (n, nowMs) => nowMs + (n % 10 === 5 ? 45 : 5));
  expect(b.meter.measure(20)?.from).toMatchObject({ packets: 500, lostPercent: 0 });
});

test('a run that was only overtaken does not make the one real loss a burst', () => {
  const [a, b, c, d] = [new End(1), new End(2), new End(3), new End(4)];
  talk(a, b, (n, nowMs) => (n % 10 === 1 ? null : nowMs + (n % 10 >= 4 && n % 10 < 8 ? 105 : 5)));
  talk(c, d, (n, nowMs) => (n % 10 === 1 ? null : nowMs + 5));
  const [overtaken, plain] = [b.meter.measure(20)?.from, d.meter.measure(20)?.from];
  expect(overtaken).toMatchObject({ lostPercent: 10 });
  expect(plain).toMatchObject({ lostPercent: 10 });
  // What its delay costs is the buffer's; as loss it is the same.
  expect(plain!.mos - overtaken!.mos).toBeLessThan(0.1);
});

test('jitter by RFC 3550 A.8: every other packet 16 ms late settles at 16 ms', () => {
  const [a, b] = [new End(1), new End(2)];
  talk(a, b, (n, nowMs) => nowMs + (n % 2) * 16, 60);
  b.meter.measure(20);
  talk(a, b, (n, nowMs) => 60_000 + nowMs + (n % 2) * 16, 1);
  const jitterMs = b.meter.measure(20)?.from?.jitterMs ?? 0;
  expect(jitterMs).toBeGreaterThan(14);
  expect(jitterMs).toBeLessThanOrEqual(16.1);
});

test('reports: each end learns what the other hears, and the round trip less the time it lay there', () => {
  const [a, b] = [new End(1), new End(2)];
  talk(a, b, (n, nowMs) => (n % 10 === 5 ? null : nowMs + 5));
  b.meter.read(a.meter.write(10_000)!, 10_030);
  a.meter.read(b.meter.write(10_500)!, 10_540);
  const measured = a.meter.measure(20);
  // 30 ms there, 40 ms back; what lay in between does not count.
  expect(measured?.rttMs).toBe(70);
  expect(measured?.to).toMatchObject({ packets: 500, lostPercent: 10 });
  expect(measured?.mos).toBe(measured?.to?.mos);
  expect(measured?.mos).toBeLessThan(measured?.from?.mos ?? 0);
});

test('a stretch counts from its beginning: what was lost before it is not lost again', () => {
  const [a, b] = [new End(1), new End(2)];
  talk(a, b, (n, nowMs) => (n % 2 === 0 ? null : nowMs + 5));
  b.meter.begin();
  talk(a, b, (_, nowMs) => 10_000 + nowMs + 5, 5);
  expect(b.meter.measure(20)?.from).toMatchObject({ packets: 250, lostPercent: 0 });
});

test('an idle line reports nothing, and one that only hears sends a receiver’s report', () => {
  const [a, b] = [new End(1), new End(2)];
  expect(a.meter.write(0)).toBeNull();
  b.hear(a.send(0), 5);
  expect(b.meter.write(10)?.[1]).toBe(201);
  expect(a.meter.write(10)?.[1]).toBe(200);
  expect(a.meter.write(20)).toBeNull();
});

test('nonsense of a far end moves no clock: a round trip of hours, or of less than nothing, is not believed', () => {
  const [a, b] = [new End(1), new End(2)];
  talk(a, b, (_, nowMs) => nowMs);
  b.meter.read(a.meter.write(10_000)!, 10_000);
  const report = b.meter.write(10_000)!;
  report.writeUInt32BE(0x7fff_ffff, report.indexOf(Buffer.from([0, 0, 0, 1])) + 16);
  a.meter.read(report, 10_000);
  expect(a.meter.measure(20)?.rttMs).toBeNull();
});

test('the echo of the data channel serves as long as nobody reports', () => {
  const [a, b] = [new End(1), new End(2)];
  talk(a, b, (_, nowMs) => nowMs);
  b.meter.echoed(12.34);
  expect(b.meter.measure(20)?.rttMs).toBe(12.3);
});
