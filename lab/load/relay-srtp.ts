/**
 * What a relayed packet costs with one encrypted leg and a recording, beside rtpengine's plain relay of as many calls. Bar:
 * ≤ 1.5 ×. Encrypted by a trunk's SRTP, and by a browser's DTLS-SRTP.
 */
import { cpuMs } from './cpu.js';
import { generate } from './generator.js';
import { quiet, row, type Benchmark, type Row } from './measure.js';
import { startMediaRelay } from './peers/media.js';
import { openRecordedCalls } from './peers/recorded-calls.js';
import { rtpengineMissing, startRtpengine } from './peers/rtpengine.js';
import { compileGenerator } from './pinned.js';
import { relayTurn } from './relay.js';

const loads = [
  { far: 'srtp', calls: 100, name: 'RTP↔SRTP' },
  { far: 'webrtc', calls: 100, name: 'RTP↔WebRTC' },
] as const;

export const relaySrtp: Benchmark = {
  name: 'relay-srtp',
  async run({ pairs = 4, seconds = 6 }) {
    const absent = rtpengineMissing();
    const generator = compileGenerator();
    if ('missing' in generator || absent !== null) {
      return [quiet('relay-srtp', absent ?? ('missing' in generator ? generator.missing : ''))];
    }
    const rows: Row[] = [];
    for (const { far, calls, name } of loads) {
      const media = await startMediaRelay();
      const theirs = await startRtpengine();
      try {
        const recorded = await openRecordedCalls(media, calls, far);
        const ours: number[] = [];
        const plain: number[] = [];
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
          if (figures.received === 0) throw new Error(`nothing came back\n${media.trouble()}`);
          // Each packet that came back was relayed twice: towards the far end and back to the telephone.
          ours.push((used * 1000) / (2 * figures.received));
          plain.push((await relayTurn(generator.path, theirs, calls, seconds * 1000)).perPacket);
        }
        await recorded.close();
        const under = `${calls} calls, ${calls * 100} packets/s`;
        rows.push(
          row(`relay ${name} with recording, CPU per packet: ours`, 'µs', under, ours),
          row('relay RTP→RTP, CPU per packet: rtpengine', 'µs', under, plain),
          row(
            `relay, CPU: ours ${name} with recording ÷ rtpengine plain`,
            '×',
            `${under}, pair by pair`,
            ours.map((one, i) => one / plain[i]!),
          ),
        );
      } finally {
        await media.stop();
        await theirs.stop();
      }
    }
    return rows;
  },
};
