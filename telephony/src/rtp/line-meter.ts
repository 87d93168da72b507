import { ticksPerMs } from './arithmetic.js';
import type { RtpHeader } from './header.js';
import type { Verdict } from './incoming.js';
import { delayOf, mosOf, rating } from './quality.js';
import { Reception, type Received } from './reception.js';
import { ntpMiddle, readRtcp, writeRtcp, type ReportBlock } from './rtcp.js';

/** How one direction of a line was. */
export interface DirectionQuality {
  packets: number;
  lostPercent: number;
  jitterMs: number;
  /** Mean opinion score by the E-model, 1…4.5. */
  mos: number;
}

/** How a leg's line was over a stretch of time. */
export interface LineQuality {
  /** The worse direction's. */
  mos: number;
  /** What the far end says, as it reaches us; null when nothing came. */
  from: DirectionQuality | null;
  /** What the far end hears of us, as its own reports tell; null when it sends none. */
  to: DirectionQuality | null;
  /** There and back on the network; null when nobody told. */
  rttMs: number | null;
}

interface Mark {
  received: Received;
  /** What the far end's newest report said when the stretch began. */
  report: ReportBlock | null;
  sent: number;
}

/**
 * Measures one leg: counts what comes and goes, speaks RTCP with the far end, and says how the line was since it was asked
 * last. Time comes in as an argument: monotonic ms, and `wallMs` for what is that moment's epoch time.
 */
export class LineMeter {
  private readonly ssrc: number;
  private readonly cname: string;
  private readonly wallMs: (nowMs: number) => number;
  private readonly reception = new Reception();
  // What we send.
  private packets = 0;
  private octets = 0;
  private lastTimestamp = 0;
  private lastSentMs = Number.NaN;
  // What we reported last, and whether there is anything new.
  private reported: Received;
  private reportedPackets = 0;
  // What the far end told.
  private heardReportAt = 0;
  private heardReportMs = Number.NaN;
  private report: ReportBlock | null = null;
  /** How many packets of ours it could speak of. */
  private packetsThen = 0;
  private rttMs: number | null = null;
  private mark: Mark;

  constructor(ssrc: number, cname: string, wallMs: (nowMs: number) => number) {
    this.ssrc = ssrc;
    this.cname = cname;
    this.wallMs = wallMs;
    this.reported = { ...this.reception.total };
    this.mark = this.here();
  }

  /** A packet of the far end's that was believed. */
  heard(header: RtpHeader, verdict: Verdict, audio: boolean, nowMs: number): void {
    this.reception.heard(header, verdict, audio, nowMs);
  }

  /** A packet of ours that went out. @param octets of payload */
  sent(timestamp: number, octets: number, nowMs: number): void {
    this.packets += 1;
    this.octets += octets;
    this.lastTimestamp = timestamp;
    this.lastSentMs = nowMs;
  }

  /** The data channel's echo: a round trip, when RTCP tells of none. */
  echoed(rttMs: number): void {
    if (this.report === null) this.rttMs = rttMs;
  }

  /** Our report for the far end; null when nothing happened since the last: an idle line stays idle. */
  write(nowMs: number): Buffer | null {
    const { total } = this.reception;
    const sends = this.packets > this.reportedPackets;
    const hears = total.received > this.reported.received;
    if (!sends && !hears) return null;
    const wallMs = this.wallMs(nowMs);
    const sender = sends
      ? {
          wallMs,
          timestamp: (this.lastTimestamp + Math.round((nowMs - this.lastSentMs) * ticksPerMs)) >>> 0,
          packets: this.packets,
          octets: this.octets,
        }
      : null;
    const expected = total.expected - this.reported.expected;
    const lost = expected - (total.received - this.reported.received);
    const block = hears
      ? {
          ssrc: this.reception.ssrc,
          fractionLost: expected > 0 ? Math.max(0, lost / expected) : 0,
          lost: total.expected - total.received,
          highest: this.reception.highest,
          jitter: this.reception.jitter,
          lastReport: this.heardReportAt,
          sinceLastReport: this.heardReportAt === 0 ? 0 : Math.round((nowMs - this.heardReportMs) * 65.536),
        }
      : null;
    this.reported = { ...total };
    this.reportedPackets = this.packets;
    return writeRtcp(this.ssrc, this.cname, sender, block);
  }

  /** Takes a compound RTCP packet of the far end's. Anything may be in it. */
  read(packet: Uint8Array, nowMs: number): void {
    for (const report of readRtcp(packet)) {
      if (report.sentAt !== null) {
        this.heardReportAt = report.sentAt;
        this.heardReportMs = nowMs;
      }
      const block = report.blocks.find(({ ssrc }) => ssrc === this.ssrc);
      if (block === undefined) continue;
      this.report = block;
      this.packetsThen = this.packets;
      if (block.lastReport === 0) continue;
      // §6.4.1: now, less when our report left, less how long it lay there. In 1/65 536 s, turning over every 18 hours.
      const round = (ntpMiddle(this.wallMs(nowMs)) - block.lastReport - block.sinceLastReport) | 0;
      // Slightly below zero is rounding; far below, or minutes, is nonsense.
      if (round > -655 && round < 60 * 65_536) this.rttMs = Math.max(0, round) / 65.536;
    }
  }

  /** What comes from here on is asked for by `measure`. */
  begin(): void {
    this.mark = this.here();
  }

  /**
   * How the line was since `begin`, or since this was asked last.
   *
   * @param ptimeMs how much sound goes into a packet
   * @returns null when nothing is known: no packet came and nobody reported
   */
  measure(ptimeMs: number): LineQuality | null {
    const before = this.mark;
    this.mark = this.here();
    const from = this.incoming(before, ptimeMs);
    const to = this.outgoing(before, ptimeMs);
    if (from === null && to === null) return null;
    const mos = Math.min(from?.mos ?? 5, to?.mos ?? 5);
    return { mos, from, to, rttMs: this.rttMs === null ? null : round1(this.rttMs) };
  }

  private incoming(before: Mark, ptimeMs: number): DirectionQuality | null {
    const { total } = this.reception;
    const was = before.received;
    const expected = total.expected - was.expected;
    if (expected <= 0) return null;
    const received = total.received - was.received;
    const lost = Math.min(1, Math.max(0, (expected - received) / expected));
    const jitters = total.jitters - was.jitters;
    const jitterMs = jitters === 0 ? 0 : (total.jitterSum - was.jitterSum) / jitters / ticksPerMs;
    const gaps = total.gaps - was.gaps;
    // How long chance would make a run: 1 / (1 − p).
    const burstRatio = gaps <= 0 || lost >= 1 ? 1 : ((total.missing - was.missing) / gaps) * (1 - lost);
    return this.direction(received, lost, burstRatio, jitterMs, ptimeMs);
  }

  private outgoing(before: Mark, ptimeMs: number): DirectionQuality | null {
    const { report } = this;
    if (report === null || report === before.report) return null;
    const first = before.report;
    // Before its first report the far end has heard what we sent, less what it lost.
    const expected = first === null ? this.packetsThen : (report.highest - first.highest) >>> 0;
    const lost = Math.max(0, report.lost - (first?.lost ?? 0));
    const share = expected === 0 ? 0 : Math.min(1, lost / expected);
    return this.direction(this.packets - before.sent, share, 1, report.jitter / ticksPerMs, ptimeMs);
  }

  private direction(
    packets: number,
    lost: number,
    burstRatio: number,
    jitterMs: number,
    ptimeMs: number,
  ): DirectionQuality {
    const delayMs = delayOf(this.rttMs, jitterMs, ptimeMs);
    const mos = Math.round(mosOf(rating({ lost, burstRatio, delayMs })) * 100) / 100;
    return { packets, lostPercent: Math.round(lost * 10_000) / 100, jitterMs: round1(jitterMs), mos };
  }

  private here(): Mark {
    return { received: { ...this.reception.total }, report: this.report, sent: this.packets };
  }
}

const round1 = (value: number): number => Math.round(value * 10) / 10;
