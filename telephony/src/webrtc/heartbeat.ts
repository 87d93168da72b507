export interface HeartbeatPorts {
  now: () => number;
  send: (text: string) => void;
  echoed: (rttMs: number) => void;
}

const beatMs = 1_000;
/** Beats whose echo may still come. */
const openMax = 16;
const messageCharsMax = 256;

/** Sends `{"beat":n}` once a second on the data channel; the desk sends the same back. */
export class Heartbeat {
  private readonly ports: HeartbeatPorts;
  private readonly sent = new Map<number, number>();
  private n = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(ports: HeartbeatPorts) {
    this.ports = ports;
  }

  /** The first beat goes at once: the line is proven one round trip after its channel opens. */
  start(): void {
    if (this.timer !== null) return;
    this.timer = setInterval(() => this.beat(), beatMs);
    this.beat();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  heard(message: string): void {
    const n = beatOf(message);
    const sentMs = n === null ? undefined : this.sent.get(n);
    if (n === null || sentMs === undefined) return;
    this.sent.delete(n);
    this.ports.echoed(Math.max(0, Math.round((this.ports.now() - sentMs) * 10) / 10));
  }

  private beat(): void {
    this.n += 1;
    this.sent.set(this.n, this.ports.now());
    this.sent.delete(this.n - openMax);
    this.ports.send(JSON.stringify({ beat: this.n }));
  }
}

function beatOf(message: string): number | null {
  if (message.length > messageCharsMax) return null;
  try {
    const value: unknown = JSON.parse(message);
    const n = typeof value === 'object' && value !== null && 'beat' in value ? value.beat : null;
    return typeof n === 'number' ? n : null;
  } catch {
    return null;
  }
}
