import { vi } from 'vitest';
import type { Transport } from '../../rtp/index.js';
import { makeCertificate } from '../dtls/certificate.js';
import { DtlsContext } from '../dtls/context.js';
import { loadOpenSsl } from '../dtls/openssl.js';
import { createOwnWebRtc, type OwnWebRtc } from '../own-peers.js';
import { Air } from './air.js';
import { FarBrowser } from './far-browser.js';

export const at = (n: number) => ({ address: `192.0.2.${n}`, port: 40_000 + n });
export const us = { address: '198.51.100.1', port: 20_000 };
export const movedClock: { toFake: ('setTimeout' | 'clearTimeout' | 'setInterval' | 'clearInterval')[] } = {
  toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
};

/** What a leg's listener was told. */
export interface Told {
  packets: Buffer[];
  events: string[];
  rtts: number[];
}

/** Our own stack in a network without sockets, at a moved clock. */
export class OwnHouse {
  readonly air = new Air();
  own!: OwnWebRtc;
  nowMs = 1_000;

  static async open(): Promise<OwnHouse> {
    vi.useFakeTimers(movedClock);
    const house = new OwnHouse();
    const options = { bindAddress: us.address, publicAddress: us.address, port: us.port, now: () => house.nowMs };
    const dtls = new DtlsContext(loadOpenSsl(), makeCertificate(Date.now()));
    house.own = await createOwnWebRtc(options, { datagrams: house.air, dtls });
    return house;
  }

  /** @returns what is still there: timers, legs, paths */
  async close(): Promise<number[]> {
    await this.own.close();
    const left = [vi.getTimerCount(), this.own.port.legCount, this.own.port.pathCount];
    vi.useRealTimers();
    return left;
  }

  pass(ms: number): void {
    this.nowMs += ms;
    vi.advanceTimersByTime(ms);
  }

  /** A browser at address `n`, with an answer, and nothing else yet. */
  async leg(n: number, change?: (offer: string) => string, heartbeat = true) {
    const browser = await FarBrowser.open(this.air, at(n), us, change);
    const told: Told = { packets: [], events: [], rtts: [] };
    const { transport, answer } = await this.own.open({
      leg: `leg${n}`,
      offer: browser.offer,
      ssrc: 77,
      heartbeat,
      listener: {
        packet: (packet) => void told.packets.push(Buffer.from(packet)),
        connected: () => void told.events.push('connected'),
        lost: (because) => void told.events.push(because),
        echoed: (rttMs) => void told.rtts.push(rttMs),
      },
    });
    browser.answer(answer);
    return { browser, told, transport };
  }
}

/** One packet of ours to the browser. */
export function speak(transport: Transport, sequence: number): void {
  const packet = Buffer.alloc(172, 0x33);
  packet.writeUInt32BE(0x8000_0000 + sequence, 0);
  packet.writeUInt32BE(77, 8);
  transport.send(packet);
}
