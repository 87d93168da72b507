/**
 * What a relayed packet costs with one WebRTC leg (DTLS-SRTP) and a recording, beside rtpengine's plain relay of as many calls.
 * Bar: ≤ 1.5 ×.
 */
import { cpuMs } from './cpu.js';
import { generate } from './generator.js';
import { quiet, row, type Benchmark } from './measure.js';
import { openRecordedCalls } from './peers/browsers.js';
import { startMediaRelay } from './peers/media.js';
import { rtpengineMissing, startRtpengine } from './peers/rtpengine.js';
import { compileGenerator } from './pinned.js';
import { relayTurn } from './relay.js';

const calls = 100;

export const relaySrtp: Benchmark = {
  name: 'relay-srtp',
  async run({ pairs = 5, seconds = 6 }) {
    const absent = rtpengineMissing();
    const generator = compileGenerator();
    if ('missing' in generator || absent !== null) {
      return [quiet('relay-srtp', absent ?? ('missing' in generator ? generator.missing : ''))];
    }
    const media = await startMediaRelay();
    const theirs = await startRtpengine();
    try {
      const recorded = await openRecordedCalls(media, calls);
      const ours: number[] = [];
      const plain: number[] = [];
      const p99: number[] = [];
      for (let pair = 0; pair < pairs; pair++) {
        let before = 0;
        let used = 0;
        const figures = await generate(generator.path, recorded.targets, {
          echo: true,
          warmMs: 1_500,
          measuredMs: seconds * 1000,
          window: (edge) => {
            if (edge === 'begin') before = cpuMs(media.pid);
            else used = cpuMs(media.pid) - before;
          },
        });
        // Each packet that came back was relayed twice: towards the browser and back to the telephone.
        ours.push((used * 1000) / (2 * figures.received));
        p99.push(figures.p99);
        plain.push((await relayTurn(generator.path, theirs, calls, seconds * 1000)).perPacket);
      }
      await recorded.close();
      const under = `${calls} recorded calls RTP↔WebRTC, ${calls * 100} packets/s`;
      return [
        row('relay RTP↔SRTP with recording, CPU per packet: ours', 'µs', under, ours),
        row('relay RTP→RTP, CPU per packet: rtpengine', 'µs', `${calls} calls, ${calls * 100} packets/s`, plain),
        row(
          'relay, CPU: ours with SRTP and recording ÷ rtpengine plain',
          '×',
          `${under}, pair by pair`,
          ours.map((one, i) => one / plain[i]!),
        ),
        row('latency there and back p99, over the echoing peer', 'ms', under, p99),
      ];
    } finally {
      await media.stop();
      await theirs.stop();
    }
  },
};
