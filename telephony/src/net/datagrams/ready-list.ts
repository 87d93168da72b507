import type { Libc, PollHandle } from './libc.js';

export interface Readable {
  read(): void;
}

const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
/** Sockets that have their turn before timers and other work have theirs. */
const readyMax = 256;
/**
 * Above so many datagrams a second they are fetched at a beat and not one by one: each wake-up of Node's loop costs as much as a
 * datagram. Below the lower figure they are fetched as they come again. 100 packets a second are one call.
 */
const pacedFrom = 7_000;
const pacedUntil = 5_500;
/** The shortest that Node's timers have: what is fetched so comes half as late on average. */
const beatMs = 1;
/** Over which stretches the rate is looked at. */
const rateMs = 50;
/**
 * `struct epoll_event` is packed on x86-64 alone (so that 32-bit programs share it): events u32, then the 64 bits that are ours,
 * at 4 there and at 8 elsewhere. We write the descriptor and, in the upper half, which of its owners was meant.
 */
const eventWords = process.arch === 'x64' ? 3 : 4;
const dataWord = eventWords - 2;

/**
 * Which sockets have something to read: one epoll set of ours, itself watched by Node's loop. There is a descriptor only while there
 * are sockets, and it keeps the process running as they would.
 */
export class ReadyList {
  private readonly libc: Libc;
  private readonly events = Buffer.alloc(readyMax * eventWords * 4);
  private readonly words = new Int32Array(this.events.buffer, this.events.byteOffset, readyMax * eventWords);
  /** By descriptor. */
  private readonly owners: ({ readable: Readable; number: number } | undefined)[] = [];
  private count = 0;
  private numbers = 0;
  private epoll = -1;
  /** Held here: dropped by everybody it would be collected, and the sockets fall silent. */
  private handle: PollHandle | null = null;
  private turn: NodeJS.Immediate | null = null;
  private beat: NodeJS.Timeout | null = null;
  private taken = 0;
  private takenSinceMs = 0;
  /** Since when each turn has left some unread; null: the last one had them all. */
  private leftSinceMs: number | null = null;

  constructor(libc: Libc) {
    this.libc = libc;
  }

  /**
   * For how long there has been more to read at each turn than a turn takes, ms: what comes waits ever longer. The turns themselves
   * stay short meanwhile, so that nothing else tells. With fewer sockets than a turn takes it is always 0.
   */
  get behindMs(): number {
    return this.leftSinceMs === null ? 0 : performance.now() - this.leftSinceMs;
  }

  /** @throws Error when the kernel has no room for another */
  add(fd: number, readable: Readable): void {
    if (this.epoll < 0) this.open();
    const owner = { readable, number: (this.numbers = (this.numbers + 1) | 0) };
    if (this.control(EPOLL_CTL_ADD, fd, owner.number) < 0) {
      const code = this.libc.failure();
      if (this.count === 0) this.close();
      throw Object.assign(new Error(`epoll_ctl ${code}`), { code });
    }
    this.owners[fd] = owner;
    this.count += 1;
  }

  /** Before the descriptor is closed: a program of ours that starts in this moment may hold it open for a while longer. */
  remove(fd: number): void {
    this.control(EPOLL_CTL_DEL, fd, 0);
    this.owners[fd] = undefined;
    this.count -= 1;
    if (this.count === 0) this.close();
  }

  private control(operation: number, fd: number, number: number): number {
    const event = Buffer.alloc(eventWords * 4);
    event.writeUInt32LE(EPOLLIN, 0);
    event.writeInt32LE(fd, dataWord * 4);
    event.writeInt32LE(number, dataWord * 4 + 4);
    return this.libc.epoll_ctl(this.epoll, operation, fd, event);
  }

  private open(): void {
    this.epoll = this.libc.epoll_create1(EPOLL_CLOEXEC);
    if (this.epoll < 0) {
      const code = this.libc.failure();
      throw Object.assign(new Error(`epoll_create1 ${code}`), { code });
    }
    this.taken = 0;
    this.takenSinceMs = performance.now();
    this.handle = this.libc.poll(this.epoll, this.woken);
  }

  // Not read at once: koffi calls from outside Node's callback scopes, where promises would not go on and an error be lost.
  private readonly woken = (): void => {
    this.turn ??= setImmediate(() => {
      this.turn = null;
      this.take();
    });
  };

  private close(): void {
    if (this.turn !== null) clearImmediate(this.turn);
    this.turn = null;
    if (this.beat !== null) clearInterval(this.beat);
    this.beat = null;
    this.leftSinceMs = null;
    this.handle?.close();
    this.handle = null;
    this.libc.close(this.epoll);
    this.epoll = -1;
  }

  private take(): void {
    const { words, owners } = this;
    const ready = this.libc.epoll_wait(this.epoll, this.events, readyMax, 0);
    this.taken += ready;
    if (ready < readyMax) this.leftSinceMs = null;
    else this.leftSinceMs ??= performance.now();
    this.pace();
    for (let i = 0; i < ready; i++) {
      const at = i * eventWords + dataWord;
      const owner = owners[words[at]!];
      // Closed by who was read before, perhaps with another socket of the same descriptor in its place.
      if (owner === undefined || owner.number !== words[at + 1]) continue;
      owner.readable.read();
    }
  }

  /** Before anything is read: a listener may fail. */
  private pace(): void {
    const nowMs = performance.now();
    const apartMs = nowMs - this.takenSinceMs;
    if (apartMs < rateMs) return;
    const rate = (this.taken * 1000) / apartMs;
    this.taken = 0;
    this.takenSinceMs = nowMs;
    if (this.beat === null && rate >= pacedFrom) {
      this.handle?.stop();
      this.beat = setInterval(() => this.take(), beatMs);
    } else if (this.beat !== null && rate < pacedUntil) {
      clearInterval(this.beat);
      this.beat = null;
      this.handle?.start({ readable: true }, this.woken);
    }
  }
}
