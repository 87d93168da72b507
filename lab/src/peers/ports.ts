/** Free ports for the peers of one run, from ranges that lie outside the ephemeral one. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const ranges = {
  http: [8200, 8299],
  sip: [6300, 6399],
  /** The system's own audio; apart from the peers', for it takes single ports of its range while it runs. */
  'system-rtp': [20600, 20839],
  rtp: [20840, 20999],
  control: [8300, 8399],
  turn: [8400, 8449],
  /** What a TURN server lends out. */
  relay: [21000, 21199],
} as const;
export type PortUse = keyof typeof ranges;

/** Runs beside each other begin at different places: between finding a port free and binding it lies a program's start. */
const next = Object.fromEntries(Object.keys(ranges).map((use) => [use, process.pid % 97])) as Record<PortUse, number>;

/** @returns the first of `count` neighbouring ports, even for RTP, free on 127.0.0.1 over TCP and UDP a moment ago */
export async function freePorts(use: PortUse, count = 1): Promise<number> {
  const [min, max] = ranges[use];
  const step = use.endsWith('rtp') ? count + (count & 1) : count;
  const slots = Math.floor((max - min + 1) / step);
  for (let tried = 0; tried < slots; tried++) {
    // Each call goes on where the last one stopped, so a port just closed is not taken again at once.
    const first = min + (next[use]++ % slots) * step;
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(first + i)));
    if (free.every(Boolean)) return first;
  }
  throw new Error(`no ${count} free ports for ${use} in ${min}-${max}`);
}

async function isFree(port: number): Promise<boolean> {
  const tcp = await new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  if (!tcp) return false;
  return new Promise<boolean>((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}
