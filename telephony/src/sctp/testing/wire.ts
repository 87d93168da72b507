/** Two associations, a clock that is moved, and a wire between them that loses, doubles and overtakes as a seed says. */
import { Association, type AssociationPorts } from '../association.js';

export interface Weather {
  /** Chances, from 0 to 1. */
  loss?: number;
  doubling?: number;
  /** Each packet takes from 10 ms to so much longer: they overtake one another. */
  jitterMs?: number;
}

export interface End {
  association: Association;
  opened: { id: number; label: string }[];
  heard: string[];
  gone: number[];
  closed: string[];
  /** Every packet that it sent. */
  sent: Buffer[];
}

/** Whole numbers below 2^32 from a seed (xorshift32). */
export function chanceOf(seed: number): () => number {
  let state = seed || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

export class TestWire {
  nowMs = 0;
  readonly a: End;
  readonly b: End;
  /** What goes through it; nothing does while it is cut. */
  cut = false;
  private readonly chance: () => number;
  private weather: Weather;
  private underway: { atMs: number; to: () => Association; packet: Uint8Array }[] = [];

  constructor(seed = 1, weather: Weather = {}) {
    this.chance = chanceOf(seed);
    this.weather = weather;
    this.a = this.end(() => this.b.association);
    this.b = this.end(() => this.a.association);
  }

  clear(): void {
    this.weather = {};
  }

  /** Lets time pass: timers and packets in their order. */
  run(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const timers = [this.a, this.b].map(({ association }) => association.nextTimer() ?? Infinity);
      const next = this.underway.reduce((least, one) => (one.atMs < least.atMs ? one : least), nothing);
      const atMs = Math.min(next.atMs, ...timers);
      if (atMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, atMs);
      if (next.atMs <= Math.min(...timers)) {
        this.underway.splice(this.underway.indexOf(next), 1);
        next.to().receive(next.packet);
      } else (timers[0]! <= timers[1]! ? this.a : this.b).association.timer();
    }
    this.nowMs = untilMs;
  }

  private end(far: () => Association): End {
    const end: Omit<End, 'association'> = { opened: [], heard: [], gone: [], closed: [], sent: [] };
    const ports: AssociationPorts = {
      now: () => this.nowMs,
      random: (bytes) => Uint8Array.from({ length: bytes }, () => this.chance() >>> 24),
      send: (packet) => {
        end.sent.push(Buffer.from(packet));
        this.carry(packet, far);
      },
      opened: (channel) => void end.opened.push(channel),
      message: (_, text) => void end.heard.push(text),
      gone: (channelId) => void end.gone.push(channelId),
      closed: (because) => void end.closed.push(because),
    };
    return { ...end, association: new Association(ports) };
  }

  private carry(packet: Uint8Array, to: () => Association): void {
    const { loss = 0, doubling = 0, jitterMs = 0 } = this.weather;
    const happens = (likely: number): boolean => this.chance() / 2 ** 32 < likely;
    for (let times = happens(doubling) ? 2 : 1; times > 0; times--) {
      if (this.cut || happens(loss)) continue;
      const atMs = this.nowMs + 10 + (this.chance() / 2 ** 32) * jitterMs;
      this.underway.push({ atMs, to, packet: Uint8Array.from(packet) });
    }
  }
}

const nothing = { atMs: Infinity, to: (): Association => never(), packet: new Uint8Array(0) };

function never(): never {
  throw new Error('nothing is underway');
}
