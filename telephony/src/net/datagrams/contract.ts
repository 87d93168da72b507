/** One end of a datagram's way: an IP address in figures, as sockets of its family write it (`::ffff:192.0.2.1` on IPv6), and a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/**
 * Takes one datagram. Anything may be in it, and anybody may have sent it.
 *
 * @param bytes the listener's until it returns, and it may write to them: the next datagram may lie in the same memory. Copy what is kept
 * @param from unchanging; may be kept
 */
export type DatagramListener = (bytes: Buffer, from: Endpoint) => void;

/** A bound UDP socket with just what SIP and RTP need. After `close` nothing of it does anything. */
export interface DatagramSocket {
  readonly local: Endpoint & { readonly family: 4 | 6 };
  /** Datagrams that the kernel would not take: its buffer was full, or the network is not there. Lost, as any may be. */
  readonly unsent: number;
  /** From now on datagrams go to `listener`, in place of the one before. What came earlier waits in the kernel. */
  listen(listener: DatagramListener): void;
  /** From now on only `to` is heard, what strangers sent before is dropped, and everything sent goes there. An address that cannot be reached changes nothing. */
  connect(to: Endpoint): void;
  /** Everybody is heard again. The kernel keeps the port only of a socket that was bound to a certain one. */
  disconnect(): void;
  /**
   * Sends, or loses it: an ICMP error of an earlier one, a full buffer, no route. Never throws.
   *
   * @param bytes not changed; must stay as they are until this turn of the loop is over
   * @param to while connected, the end connected with
   * @param failed called later, once, when it could not be sent for another reason than a full buffer
   */
  send(bytes: Uint8Array, to: Endpoint, failed?: () => void): void;
  /**
   * The same with a byte string, by a socket that is not connected. Goes out, in order, before the next turn of the loop is over: what is
   * said until then goes together where the system can do that.
   */
  sendText(text: string, to: Endpoint, failed?: () => void): void;
  /** Asks for room for bursts. @returns bytes that the kernel gives, which may be fewer */
  receiveBuffer(bytes: number): number;
  /** Safe to call twice, also from its own listener: nothing is heard afterwards. @param closed called later, when the port is free */
  close(closed?: () => void): void;
}

export interface BindOptions extends Endpoint {
  /** Datagrams taken from this socket before the others have their turn; 1 where many sockets share the work. */
  burst?: number;
}

export interface Datagrams {
  readonly kind: 'native' | 'dgram';
  /** For how long more has come than could be read, ms; 0 where nobody can tell. */
  readonly behindMs: number;
  /**
   * Binds a socket; IPv6 ones hear IPv4 too where the system does so. Port 0 takes any.
   *
   * @throws Error with `code` EADDRINUSE, EADDRNOTAVAIL and the like
   */
  bind(options: BindOptions): Promise<DatagramSocket>;
}
