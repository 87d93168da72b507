import type { DatagramListener, DatagramSocket, Endpoint } from './contract.js';
import type { Libc } from './libc.js';
import { Outbox } from './outbox.js';
import type { Readable, ReadyList } from './ready-list.js';
import { sockaddrBytesMax, type Sockaddrs } from './sockaddr.js';

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const AF_UNSPEC = Buffer.alloc(sockaddrBytesMax);
/** The kernel counts no queued datagram as less than this, so that its buffer tells how many can wait at most. */
const queuedBytesMin = 512;
const passing = new Set(['EAGAIN', 'EWOULDBLOCK', 'ENOBUFS', 'ECONNREFUSED']);

/** One for all sockets: a datagram is dealt with before the next is read. */
const inbox = Buffer.allocUnsafeSlow(65_536);
const sender = Buffer.alloc(sockaddrBytesMax);
const senderBytes = new Uint32Array(1);
/** A view for each length that audio has, so that reading makes no object. */
const views: (Buffer | undefined)[] = [];
const viewsMax = 2_048;

function received(length: number): Buffer {
  if (length >= viewsMax) return inbox.subarray(0, length);
  return (views[length] ??= inbox.subarray(0, length));
}

export interface NativeParts {
  libc: Libc;
  ready: ReadyList;
  addresses: Sockaddrs;
}

/** A descriptor of ours. Who closes it forgets its number at once: the next socket may get the same. */
export class NativeSocket implements DatagramSocket, Readable {
  readonly local: Endpoint & { family: 4 | 6 };
  unsent = 0;
  private fd: number;
  private readonly burst: number;
  private outbox: Outbox | null = null;
  private flushing: NodeJS.Immediate | null = null;
  private readonly parts: NativeParts;
  private listener: DatagramListener | null = null;
  private peer: Endpoint | null = null;
  /** So many datagrams are still asked where they come from: they may have been on their way before the kernel began to refuse strangers. */
  private doubtful = 0;

  constructor(fd: number, local: Endpoint & { family: 4 | 6 }, burst: number, parts: NativeParts) {
    this.fd = fd;
    this.local = local;
    this.burst = burst;
    this.parts = parts;
  }

  listen(listener: DatagramListener): void {
    if (this.fd < 0) return;
    if (this.listener === null) this.parts.ready.add(this.fd, this);
    this.listener = listener;
  }

  connect(to: Endpoint): void {
    const { libc, addresses } = this.parts;
    const address = addresses.write(to, this.local.family);
    if (this.fd < 0 || address === null || libc.connect(this.fd, address, address.length) < 0) return;
    // As the kernel writes it, for that is what senders are compared with.
    this.peer = addresses.read(address);
    const size = new Int32Array(1);
    libc.getsockopt(this.fd, SOL_SOCKET, SO_RCVBUF, size, Uint32Array.of(4));
    this.doubtful = Math.ceil(size[0]! / queuedBytesMin) + 1;
  }

  disconnect(): void {
    if (this.fd < 0 || this.peer === null) return;
    this.peer = null;
    this.parts.libc.connect(this.fd, AF_UNSPEC, AF_UNSPEC.length);
  }

  send(bytes: Uint8Array, to: Endpoint, failed?: () => void): void {
    if (this.fd < 0) return;
    const { libc, addresses } = this.parts;
    const { fd } = this;
    if (this.peer !== null) {
      if (libc.send(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return;
    } else {
      const address = addresses.write(to, this.local.family);
      const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
      if (address === null) return this.refused('EINVAL', failed);
      if (libc.sendto(fd, bytes, bytes.length, flags, address, address.length) >= 0) return;
    }
    this.refused(libc.failure(), failed);
  }

  sendText(text: string, to: Endpoint, failed?: () => void): void {
    if (this.fd < 0) return;
    const { libc, addresses } = this.parts;
    const address = addresses.write(to, this.local.family);
    if (address === null) return this.refused('EINVAL', failed);
    const outbox = (this.outbox ??= new Outbox(libc));
    if (!outbox.put(text, address, failed)) {
      this.flush();
      if (!outbox.put(text, address, failed)) return this.refused('EMSGSIZE', failed);
    }
    this.flushing ??= setImmediate(() => this.flush());
  }

  private readonly refused = (code: string, failed: (() => void) | undefined): void => {
    this.unsent += 1;
    if (failed !== undefined && !passing.has(code)) setImmediate(failed);
  };

  private flush(): void {
    if (this.flushing !== null) clearImmediate(this.flushing);
    this.flushing = null;
    this.outbox?.flush(this.fd, MSG_DONTWAIT | MSG_NOSIGNAL, this.refused);
  }

  receiveBuffer(bytes: number): number {
    if (this.fd < 0) return 0;
    const { libc } = this.parts;
    const size = Int32Array.of(bytes);
    libc.setsockopt(this.fd, SOL_SOCKET, SO_RCVBUF, size, 4);
    libc.getsockopt(this.fd, SOL_SOCKET, SO_RCVBUF, size, Uint32Array.of(4));
    return size[0]!;
  }

  close(closed?: () => void): void {
    const { fd } = this;
    if (fd >= 0) {
      this.flush();
      this.fd = -1;
      if (this.listener !== null) this.parts.ready.remove(fd);
      this.listener = null;
      this.parts.libc.close(fd);
    }
    if (closed !== undefined) setImmediate(closed);
  }

  /** There is something to read. Reads no more than is this socket's turn: what is left makes it ready again. */
  read(): void {
    for (let turn = 0; turn < this.burst && this.fd >= 0; turn++) {
      const { libc } = this.parts;
      let from: Endpoint;
      let length: number;
      if (this.peer !== null && this.doubtful === 0) {
        length = libc.recv(this.fd, inbox, inbox.length, MSG_DONTWAIT);
        // Nothing there, or the ICMP error of something sent: reading it took it away.
        if (length < 0) return;
        from = this.peer;
      } else {
        senderBytes[0] = sockaddrBytesMax;
        length = libc.recvfrom(this.fd, inbox, inbox.length, MSG_DONTWAIT, sender, senderBytes);
        if (length < 0) return;
        from = this.parts.addresses.read(sender);
        if (this.peer !== null) {
          this.doubtful -= 1;
          if (from.port !== this.peer.port || from.address !== this.peer.address) continue;
        }
      }
      this.listener?.(received(length), from);
    }
  }
}
