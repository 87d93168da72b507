import { afterEach, beforeEach } from 'vitest';
import { toUlaw } from '../../rtp/index.js';
import { MediaEngine, type EngineOptions } from '../engine.js';
import type { MediaEvent, MediaReplies, RtpRemote } from '../protocol.js';
import { createSounds } from '../sounds.js';
import { RtpPeer } from './rtp-peer.js';

/** The engine alone, without a process around it, and telephones on real sockets of this machine. */
export interface SmallHouse {
  engine: MediaEngine;
  events: MediaEvent[];
  /** Opens a leg and a telephone that speaks to it. `address`: whose loopback. */
  phone(leg: string, more?: Partial<RtpRemote>, address?: string): Promise<Phone>;
}

export interface Phone {
  peer: RtpPeer;
  opened: MediaReplies['open-rtp'];
  remote: RtpRemote;
}

/** One for each test of the file, taken down after it. */
export function smallHouse(
  ports: { rtpPortMin: number; rtpPortMax: number },
  bindAddress = '127.0.0.1',
  more: Partial<EngineOptions> = {},
): () => SmallHouse {
  let house: SmallHouse;
  let peers: RtpPeer[];
  beforeEach(() => {
    peers = [];
    const events: MediaEvent[] = [];
    const engine = new MediaEngine({
      bindAddress,
      publicAddress: bindAddress,
      ...ports,
      sounds: createSounds(null),
      webrtc: { open: () => Promise.reject(new Error('no browsers here')) },
      emit: (event) => events.push(event),
      ...more,
    });
    house = {
      engine,
      events,
      async phone(leg, more = {}, address = bindAddress) {
        const peer = await RtpPeer.open(0, address);
        peers.push(peer);
        const remote: RtpRemote = {
          address,
          port: peer.port,
          codec: 'PCMU',
          dtmfPayloadType: 101,
          ptimeMs: 20,
          direction: 'sendrecv',
          ...more,
        };
        const opened = await engine.handle({ type: 'open-rtp', leg, remote });
        peer.aim({ address: opened.address, port: opened.port });
        return { peer, opened, remote };
      },
    };
  });
  afterEach(async () => {
    for (const peer of peers) peer.close();
    await house.engine.shutDown();
  });
  return () => house;
}

/** 200 ms of one level, in µ-law: told apart at a glance. */
export const tone = (level: number): Uint8Array => new Uint8Array(1_600).fill(toUlaw(level));
export const says = (peer: RtpPeer, level: number): boolean =>
  peer.heard.some(({ payload }) => payload[0] === toUlaw(level));

export async function until(what: string, holds: () => boolean, withinMs = 3_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
/** Long enough for what was sent before to have arrived. */
export const settle = (ms = 60): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
