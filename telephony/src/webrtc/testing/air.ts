import type { Datagrams, DatagramListener, DatagramSocket, Endpoint } from '../../net/datagrams/index.js';

/** A network without sockets: what is sent lies in it until `carry`, and anybody may claim to be anybody. */
export class Air implements Datagrams {
  readonly kind = 'dgram';
  readonly behindMs = 0;
  /** What was sent to whom, and not yet carried. */
  readonly under: { bytes: Buffer; from: Endpoint; to: Endpoint }[] = [];
  private readonly listeners = new Map<string, DatagramListener>();

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async bind({ address, port }: Endpoint): Promise<DatagramSocket> {
    const local = { address, port, family: address.includes(':') ? 6 : 4 } as const;
    return {
      local,
      unsent: 0,
      listen: (listener) => void this.listeners.set(keyOf(local), listener),
      connect: () => undefined,
      disconnect: () => undefined,
      send: (bytes, to) => void this.under.push({ bytes: Buffer.from(bytes), from: local, to }),
      sendText: () => undefined,
      receiveBuffer: (bytes) => bytes,
      close: (closed) => {
        this.listeners.delete(keyOf(local));
        closed?.();
      },
    };
  }

  send(bytes: Uint8Array, from: Endpoint, to: Endpoint): void {
    this.under.push({ bytes: Buffer.from(bytes), from, to });
  }

  /** Until nothing is under way, and also what is sent meanwhile; or so many datagrams. */
  carry(most = Infinity): void {
    for (let n = 0; n < most; n++) {
      const next = this.under.shift();
      if (next === undefined) return;
      const { bytes, from, to } = next;
      this.listeners.get(keyOf(to))?.(bytes, from);
    }
  }
}

const keyOf = ({ address, port }: Endpoint): string => `${address} ${port}`;
