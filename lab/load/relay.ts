/**
 * What one relayed RTP packet costs and how late it gets: our media process beside rtpengine in userspace, the same generator,
 * turn by turn. Bars: CPU ≤ 1.0 × rtpengine; added one-way latency p99 ≤ 1 ms at 50 calls, ≤ 5 ms at 400.
 */
import { cpuMs } from './cpu.js';
import { generate, generatorPort, type GeneratorFigures } from './generator.js';
import { quiet, row, type Benchmark, type Row } from './measure.js';
import { startMediaRelay } from './peers/media.js';
import { rtpengineMissing, startRtpengine, type Relay } from './peers/rtpengine.js';
import { compileGenerator } from './pinned.js';

interface Turn extends GeneratorFigures {
  /** CPU of the relay for one packet that came out of it, µs. */
  perPacket: number;
}

export async function relayTurn(generator: string, relay: Relay, calls: number, measuredMs: number): Promise<Turn> {
  const targets = await relay.calls(calls);
  let before = 0;
  let used = 0;
  const figures = await generate(generator, targets, {
    warmMs: 1_500,
    measuredMs,
    window: (edge) => {
      if (edge === 'begin') before = cpuMs(relay.pid);
      else used = cpuMs(relay.pid) - before;
    },
  });
  if (figures.foreign > 0) throw new Error(`${relay.name}: ${figures.foreign} packets came out at the wrong leg`);
  if (figures.received === 0) throw new Error(`${relay.name}: nothing came out\n${relay.trouble()}`);
  return { ...figures, perPacket: (used * 1000) / figures.received };
}

/** Without a relay: each stream sends straight to its other end. */
const direct = (generator: string, calls: number, measuredMs: number) =>
  generate(
    generator,
    Array.from({ length: calls * 2 }, (_, stream) => generatorPort + 2 * (stream ^ 1)),
    { warmMs: 500, measuredMs },
  );

const lost = ({ sent, received }: GeneratorFigures) => (100 * (sent - received)) / sent;

export const relay: Benchmark = {
  name: 'relay',
  async run({ pairs = 5, seconds = 6 }) {
    const absent = rtpengineMissing();
    const generator = compileGenerator();
    if ('missing' in generator || absent !== null) {
      return [quiet('relay', absent ?? ('missing' in generator ? generator.missing : ''))];
    }
    const ours = await startMediaRelay();
    const theirs = await startRtpengine();
    const rows: Row[] = [];
    try {
      for (const calls of [50, 200, 400]) {
        const turns = { ours: [] as Turn[], theirs: [] as Turn[] };
        const bare = await direct(generator.path, calls, 2_000);
        for (let pair = 0; pair < (calls === 50 ? Math.min(2, pairs) : pairs); pair++) {
          turns.ours.push(await relayTurn(generator.path, ours, calls, seconds * 1000));
          turns.theirs.push(await relayTurn(generator.path, theirs, calls, seconds * 1000));
        }
        const under = `${calls} calls, ${calls * 100} packets/s`;
        const each = (of: keyof typeof turns, figure: (one: Turn) => number) => turns[of].map(figure);
        const ratios = turns.ours.map((one, i) => one.perPacket / turns.theirs[i]!.perPacket);
        rows.push(
          row(
            'relay RTP→RTP, CPU per packet: ours',
            'µs',
            under,
            each('ours', (one) => one.perPacket),
          ),
          row(
            'relay RTP→RTP, CPU per packet: rtpengine',
            'µs',
            under,
            each('theirs', (one) => one.perPacket),
          ),
          row('relay RTP→RTP, CPU: ours ÷ rtpengine', '×', `${under}, pair by pair`, ratios),
          row('one-way latency p50: no relay', 'ms', under, [bare.p50]),
          row(
            'one-way latency p50: ours',
            'ms',
            under,
            each('ours', (one) => one.p50),
          ),
          row(
            'one-way latency p50: rtpengine',
            'ms',
            under,
            each('theirs', (one) => one.p50),
          ),
          row('one-way latency p99: no relay', 'ms', under, [bare.p99]),
          row(
            'one-way latency p99: ours',
            'ms',
            under,
            each('ours', (one) => one.p99),
          ),
          row(
            'one-way latency p99: rtpengine',
            'ms',
            under,
            each('theirs', (one) => one.p99),
          ),
          row('packets lost: ours', '%', under, each('ours', lost)),
          row('packets lost: rtpengine', '%', under, each('theirs', lost)),
          row(
            'generator: core used',
            '×',
            under,
            each('ours', (one) => one.core),
          ),
          row(
            'generator: p99 of how late it sent',
            'ms',
            under,
            each('ours', (one) => one.lateP99),
          ),
        );
      }
    } finally {
      await ours.stop();
      await theirs.stop();
    }
    return rows;
  },
};
