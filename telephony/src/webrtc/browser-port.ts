import type { DatagramSocket, Endpoint } from '../net/datagrams/index.js';
import { isStun, readStun, type StunMessage } from './ice/stun.js';

/** A leg as the port of all browsers sees it. */
export interface BrowserLeg {
  /** A check whose USERNAME begins with the leg's fragment; whether it is authentic is the leg's to say. */
  checked(message: StunMessage, from: Endpoint): void;
  /** DTLS or SRTP from a path that was checked. The bytes are the leg's until it returns. */
  heard(bytes: Buffer, from: Endpoint): void;
}

interface Path {
  readonly at: Endpoint;
  leg: BrowserLeg;
}

/**
 * The one UDP port of all browsers: a check finds its leg by the fragment in its USERNAME, everything else by where it comes
 * from, which is an address that a valid check came from before. What comes from anywhere else is nobody's.
 */
export class BrowserPort {
  readonly socket: DatagramSocket;
  /** Datagrams that belonged to nobody, or were nothing that may come here. */
  strangers = 0;
  private readonly legs = new Map<string, BrowserLeg>();
  /** By the far port: numbers are quicker to look up than texts, and few share one. */
  private readonly paths = new Map<number, Path[]>();

  constructor(socket: DatagramSocket) {
    this.socket = socket;
    socket.listen((bytes, from) => this.arrived(bytes, from));
  }

  get legCount(): number {
    return this.legs.size;
  }

  get pathCount(): number {
    let count = 0;
    for (const there of this.paths.values()) count += there.length;
    return count;
  }

  admit(ufrag: string, leg: BrowserLeg): void {
    this.legs.set(ufrag, leg);
  }

  /** What comes from there is the leg's from now on, whosever it was: the newest valid check tells. */
  learn(at: Endpoint, leg: BrowserLeg): void {
    const there = this.paths.get(at.port);
    if (there === undefined) {
      this.paths.set(at.port, [{ at, leg }]);
      return;
    }
    const path = there.find((one) => one.at.address === at.address);
    if (path === undefined) there.push({ at, leg });
    else path.leg = leg;
  }

  forget(at: Endpoint, leg: BrowserLeg): void {
    const there = this.paths.get(at.port);
    const index = there?.findIndex((one) => one.leg === leg && one.at.address === at.address) ?? -1;
    if (there === undefined || index < 0) return;
    there.splice(index, 1);
    if (there.length === 0) this.paths.delete(at.port);
  }

  dismiss(ufrag: string): void {
    this.legs.delete(ufrag);
  }

  private arrived(bytes: Buffer, from: Endpoint): void {
    const first = bytes[0] ?? 0;
    if (isStun(first)) return this.check(bytes, from);
    const there = this.paths.get(from.port);
    if (there !== undefined) {
      for (const path of there) if (path.at.address === from.address) return path.leg.heard(bytes, from);
    }
    this.strangers += 1;
  }

  /** Nobody's is not answered: whoever asks without a leg's fragment learns nothing, and nobody is sent what he did not ask for. */
  private check(bytes: Buffer, from: Endpoint): void {
    const message = readStun(bytes);
    const { username } = message ?? {};
    const leg = username === undefined || username === null ? undefined : this.legs.get(username.split(':', 1)[0]!);
    if (message === null || leg === undefined) this.strangers += 1;
    else leg.checked(message, from);
  }
}
