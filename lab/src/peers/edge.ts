/** An edge of a carrier that only passes on: what we send to it reaches sipp behind it, and the answers come back by it. */
import { createSocket } from 'node:dgram';

export interface Edge {
  /** First words of what passed inwards: `ACK`, `BYE`. */
  readonly passed: string[];
  close(): Promise<void>;
}

/** @param address where it listens; behind it is `behind` on 127.0.0.1 */
export async function startEdge(address: string, port: number, behind: number): Promise<Edge> {
  const outside = createSocket('udp4');
  const inside = createSocket('udp4');
  const passed: string[] = [];
  let last: { port: number; address: string } | null = null;
  outside.on('message', (bytes, from) => {
    last = from;
    passed.push(bytes.toString('latin1').split(' ', 1)[0] ?? '');
    inside.send(bytes, behind, '127.0.0.1');
  });
  inside.on('message', (bytes) => {
    if (last !== null) outside.send(bytes, last.port, last.address);
  });
  await new Promise<void>((resolve) => outside.bind(port, address, resolve));
  await new Promise<void>((resolve) => inside.bind(0, '127.0.0.1', resolve));
  return {
    passed,
    close: async () => {
      for (const socket of [outside, inside]) await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}
