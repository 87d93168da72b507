import { randomBytes } from 'node:crypto';
import { Association } from '../sctp/index.js';
import { Heartbeat } from './heartbeat.js';

export interface ControlChannelPorts {
  now: () => number;
  /** One SCTP packet, for DTLS. */
  send: (packet: Uint8Array) => void;
  echoed: (rttMs: number) => void;
  /** The far end ended the association, which is what a browser does with the whole connection; DTLS does not always say so too. */
  closed: () => void;
}

const label = 'ctl';

/** The data channel `ctl` of a warm line, from what DTLS carries up to the heartbeat. */
export class ControlChannel {
  private readonly ports: ControlChannelPorts;
  private readonly association: Association;
  private readonly heartbeat: Heartbeat;
  private channel: number | null = null;
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(ports: ControlChannelPorts) {
    this.ports = ports;
    const { now, echoed } = ports;
    this.heartbeat = new Heartbeat({ now, echoed, send: (text) => this.say(text) });
    this.association = new Association({
      now,
      random: (bytes) => randomBytes(bytes),
      send: (packet) => ports.send(packet),
      opened: (channel) => this.adopt(channel),
      message: (channel, text) => {
        if (channel === this.channel) this.heartbeat.heard(text);
      },
      gone: (channel) => {
        if (channel === this.channel) this.heartbeat.stop();
      },
      closed: (because) => {
        this.heartbeat.stop();
        if (because === 'far-end' && !this.stopped) ports.closed();
      },
    });
  }

  receive(packet: Uint8Array): void {
    if (this.stopped) return;
    this.association.receive(packet);
    this.awaitTimer();
  }

  /** With a last word to the far end. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.heartbeat.stop();
    this.association.close();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private adopt(channel: { id: number; label: string }): void {
    if (this.stopped || this.channel !== null || channel.label !== label) return;
    this.channel = channel.id;
    this.heartbeat.start();
  }

  private say(text: string): void {
    if (this.channel !== null) this.association.say(this.channel, text);
    this.awaitTimer();
  }

  private awaitTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    const dueMs = this.stopped ? null : this.association.nextTimer();
    this.timer = dueMs === null ? null : setTimeout(() => this.due(), Math.max(0, dueMs - this.ports.now()));
  }

  private due(): void {
    this.association.timer();
    this.awaitTimer();
  }
}
