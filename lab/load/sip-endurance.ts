/**
 * The highest rate at which no call fails for a minute: signalling on one core, calls of one second. Asked for by name, with
 * `--rate 1000 --seconds 60`; `--pairs 1` leaves it at one try.
 */
import { freePorts } from '../src/peers/ports.js';
import { missing } from '../src/peers/process.js';
import { treeCpuMs } from './cpu.js';
import { quiet, row, type Benchmark } from './measure.js';
import { placeCalls, startAgentPhone } from './peers/sipp.js';
import { startOurs } from './sip-calls.js';

export const sipEndurance: Benchmark = {
  name: 'sip-endurance',
  onlyByName: true,
  async run({ pairs: tries = 1, seconds = 60, rate = 1_000 }) {
    const absent = missing('sipp');
    if (absent !== null) return [quiet('sip-endurance', absent)];
    const agentPort = await freePorts('sip');
    const from = await freePorts('sip');
    const phone = startAgentPhone(agentPort);
    const ours = await startOurs(await freePorts('sip'), agentPort, null);
    const to = ours.port;
    try {
      await placeCalls({ to, from, rate: Math.min(rate, 250), seconds: 12 });
      const turns: { failed: number; answerMs: number; retransmissions: number; busy: number }[] = [];
      for (let n = 0; n < tries; n++) {
        const [begun, before] = [performance.now(), treeCpuMs(ours.pid)];
        const figures = await placeCalls({ to, from, rate, seconds });
        const busy = (100 * (treeCpuMs(ours.pid) - before)) / (performance.now() - begun);
        turns.push({ ...figures, busy });
        process.stderr.write(`  ${JSON.stringify(figures)}\n`);
      }
      const under = `${rate} calls/s for ${seconds} s`;
      const each = (figure: (turn: (typeof turns)[number]) => number) => turns.map(figure);
      return [
        row(
          'failed calls',
          '',
          under,
          each((turn) => turn.failed),
        ),
        row(
          'INVITE → 200, mean',
          'ms',
          under,
          each((turn) => turn.answerMs),
        ),
        row(
          'retransmissions',
          '',
          under,
          each((turn) => turn.retransmissions),
        ),
        row(
          'share of its core',
          '%',
          under,
          each((turn) => turn.busy),
        ),
      ];
    } finally {
      await ours.stop();
      await phone.stop();
    }
  },
};
