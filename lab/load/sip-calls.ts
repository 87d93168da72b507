/**
 * What an answered call costs in signalling: sipp → us → sipp, with our timers and every event on disk before it is acted upon,
 * beside Kamailio as a stateful proxy, turn by turn. Bars: CPU per call ≤ 1.0 × Kamailio at 600 calls/s; 1,000 calls/s on one
 * core for 60 s without a failure.
 */
import { execFileSync } from 'node:child_process';
import { freePorts } from '../src/peers/ports.js';
import { nodeOptions } from '../../server/src/cli/node-options.js';
import { sleep, until } from '../src/peers/process.js';
import { treeCpuMs, treeOf } from './cpu.js';
import { withDatabase } from './database.js';
import { quiet, row, type Benchmark, type Row } from './measure.js';
import { kamailioMissing, startKamailio, type SignallingPeer } from './peers/kamailio.js';
import { placeCalls, startAgentPhone, type CallFigures } from './peers/sipp.js';
import { loadCore, pinned, program, testedCore } from './pinned.js';

/** Calls a second: the bar's. Signalling alone and with every event on disk, each against Kamailio at that rate. */
const barRate = 600;
/** The longest timers of a finished transaction (RFC 3261 timers J, L, M): their end is work too. */
const timersOutMs = 34_000;

/** @param url null: nothing is kept @param stallMs how much longer each of its turns takes; then it prints how late they come */
export async function startOurs(
  port: number,
  agentPort: number,
  url: string | null,
  stallMs?: number,
): Promise<SignallingPeer> {
  const settings = JSON.stringify({ port, agentPort, stallMs, ...(url === null ? {} : { url }) });
  const options = process.env['DENWABAN_BENCH_NODE_OPTIONS']?.split(' ') ?? nodeOptions.control;
  const running = pinned(testedCore, process.execPath, [...options, program('b2bua'), settings]);
  await until('the B2BUA', () => running.log().includes('ready'));
  return {
    name: url === null ? 'denwaban, nothing kept' : 'denwaban',
    port,
    pid: running.pid,
    trouble: running.log,
    stop: () => running.stop(),
  };
}

interface Turn extends CallFigures {
  /** CPU of the system for one call, ms. */
  perCall: number;
  databasePerCall: number;
}

export const sipCalls: Benchmark = {
  name: 'sip-calls',
  async run({ pairs = 5, seconds = 8, rate = barRate }) {
    const absent = kamailioMissing();
    if (absent !== null) return [quiet('sip-calls', absent)];
    return withDatabase(async (url, _client, database) => {
      // The database is a system of its own, as DATABASE_URL would have it: its CPU is told apart, and it keeps off the tested core.
      for (const pid of treeOf(database)) execFileSync('taskset', ['-a', '-p', '-c', String(loadCore), String(pid)]);
      const agentPort = await freePorts('sip');
      const from = await freePorts('sip');
      const phone = startAgentPhone(agentPort);
      const kamailio = await startKamailio(await freePorts('sip'), agentPort);
      const ours = await startOurs(await freePorts('sip'), agentPort, url);
      const bare = await startOurs(await freePorts('sip'), agentPort, null);
      const peers = [ours, kamailio, bare];
      const rows: Row[] = [];
      const turn = async (peer: SignallingPeer, rate: number, forSeconds: number): Promise<Turn> => {
        const before = { system: treeCpuMs(peer.pid), database: treeCpuMs(database) };
        const figures = await placeCalls({ to: peer.port, from, rate, seconds: forSeconds });
        // What was answered to the last caller is still being written.
        await sleep(300);
        process.stderr.write(`  ${peer.name}, ${rate}/s: ${JSON.stringify(figures)}\n`);
        return {
          ...figures,
          perCall: (treeCpuMs(peer.pid) - before.system) / figures.successful,
          databasePerCall: (treeCpuMs(database) - before.database) / figures.successful,
        };
      };
      /** Turn by turn at one rate, then the timers of both run out. */
      const compare = async (system: SignallingPeer, rate: number): Promise<void> => {
        const both = [system, kamailio] as const;
        // Compiled and warm before it counts, and not by a flood: cold, neither of them stands the full rate. After three thousand
        // calls V8 still compiles (the first scored turn cost 1.27 ms a call, the third 1.01), so a turn at the full rate follows.
        for (const peer of both) await turn(peer, Math.min(rate, 250), 12);
        for (const peer of both) await turn(peer, rate, 8);
        await sleep(timersOutMs); // else the whole run would have the timers of more calls than it has calls
        const begun = both.map((peer) => treeCpuMs(peer.pid));
        const turns: [Turn[], Turn[]] = [[], []];
        for (let pair = 0; pair < pairs; pair++) {
          for (const i of [0, 1] as const) turns[i].push(await turn(both[i], rate, seconds));
        }
        await sleep(timersOutMs);
        const under = `${rate} calls/s, ${seconds} s a turn`;
        const whole = both.map((peer, i) => {
          const calls = turns[i as 0 | 1].reduce((sum, one) => sum + one.successful, 0);
          return (treeCpuMs(peer.pid) - begun[i]!) / calls;
        });
        for (const i of [0, 1] as const) {
          const { name } = both[i];
          const each = (figure: (one: Turn) => number) => turns[i].map(figure);
          rows.push(
            row(
              `CPU per answered call: ${name}`,
              'ms',
              under,
              each((one) => one.perCall),
            ),
            row(`… with all timers run out: ${name}`, 'ms', `${under}, whole run`, [whole[i]!]),
            row(
              `INVITE → 200, mean: ${name}`,
              'ms',
              under,
              each((one) => one.answerMs),
            ),
            row(
              `failed calls: ${name}`,
              '',
              under,
              each((one) => one.failed),
            ),
            row(
              `retransmissions: ${name}`,
              '',
              under,
              each((one) => one.retransmissions),
            ),
          );
        }
        const ratios = turns[0].map((one, i) => one.perCall / turns[1][i]!.perCall);
        rows.push(
          row(`CPU: ${system.name} ÷ Kamailio`, '×', `${under}, pair by pair`, ratios),
          row(`… with all timers run out: ${system.name} ÷ Kamailio`, '×', `${under}, whole run`, [
            whole[0]! / whole[1]!,
          ]),
        );
        if (system === ours) {
          const spent = turns[0].map((one) => one.databasePerCall);
          rows.push(row('CPU of PostgreSQL per answered call', 'ms', under, spent));
        }
      };
      try {
        await compare(bare, rate);
        await compare(ours, rate);
        return rows;
      } catch (error) {
        for (const peer of peers) process.stderr.write(`${peer.name}: ${peer.trouble().slice(-2000)}\n`);
        throw error;
      } finally {
        for (const peer of peers) await peer.stop();
        await phone.stop();
      }
    });
  },
};
