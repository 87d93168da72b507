/**
 * What an answered call costs in signalling: sipp → us → sipp, with our timers and every event on disk before it is acted upon,
 * beside Kamailio as a stateful proxy, turn by turn. Bars: CPU per call ≤ 1.0 × Kamailio at 600 calls/s; 1,000 calls/s on one
 * core for 60 s without a failure.
 */
import { execFileSync } from 'node:child_process';
import { freePorts } from '../src/peers/ports.js';
import { sleep, until } from '../src/peers/process.js';
import { treeCpuMs, treeOf } from './cpu.js';
import { withDatabase } from './database.js';
import { quiet, row, type Benchmark, type Row } from './measure.js';
import { kamailioMissing, startKamailio, type SignallingPeer } from './peers/kamailio.js';
import { placeCalls, startAgentPhone, type CallFigures } from './peers/sipp.js';
import { loadCore, pinned, program, testedCore } from './pinned.js';

const rate = 600;
/** The longest timers of a finished transaction (RFC 3261 timers J, L, M): their end is work too. */
const timersOutMs = 34_000;

async function startOurs(port: number, agentPort: number, url: string | null): Promise<SignallingPeer> {
  const settings = JSON.stringify({ port, agentPort, ...(url === null ? {} : { url }) });
  const options = process.env['DENWABAN_BENCH_NODE_OPTIONS']?.split(' ') ?? [];
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
  async run({ pairs = 5, seconds = 8 }) {
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
      const turns = new Map<SignallingPeer, Turn[]>(peers.map((peer) => [peer, []]));
      const turn = async (peer: SignallingPeer, callsPerSecond: number, forSeconds: number): Promise<Turn> => {
        const before = { system: treeCpuMs(peer.pid), database: treeCpuMs(database) };
        const figures = await placeCalls({ to: peer.port, from, rate: callsPerSecond, seconds: forSeconds });
        // What was answered to the last caller is still being written.
        await sleep(300);
        process.stderr.write(`  ${peer.name}: ${JSON.stringify(figures)}\n`);
        return {
          ...figures,
          perCall: (treeCpuMs(peer.pid) - before.system) / figures.successful,
          databasePerCall: (treeCpuMs(database) - before.database) / figures.successful,
        };
      };
      try {
        for (const peer of peers) await turn(peer, rate, 3); // compiled and warm before it counts
        const begun = new Map(peers.map((peer) => [peer, treeCpuMs(peer.pid)]));
        for (let pair = 0; pair < pairs; pair++) {
          for (const peer of peers) turns.get(peer)!.push(await turn(peer, rate, seconds));
        }
        await sleep(timersOutMs);
        const whole = (peer: SignallingPeer) => {
          const calls = turns.get(peer)!.reduce((sum, one) => sum + one.successful, 0);
          return (treeCpuMs(peer.pid) - begun.get(peer)!) / calls;
        };
        const under = `${rate} calls/s, ${seconds} s a turn`;
        const each = (peer: SignallingPeer, figure: (one: Turn) => number) => turns.get(peer)!.map(figure);
        const ratio = (a: SignallingPeer, b: SignallingPeer) =>
          each(a, (one) => one.perCall).map((value, i) => value / turns.get(b)![i]!.perCall);
        const rows: Row[] = [];
        for (const peer of peers) {
          rows.push(
            row(
              `CPU per answered call: ${peer.name}`,
              'ms',
              under,
              each(peer, (one) => one.perCall),
            ),
          );
          rows.push(row(`… with all timers run out: ${peer.name}`, 'ms', `${under}, whole run`, [whole(peer)]));
          rows.push(
            row(
              `INVITE → 200, mean: ${peer.name}`,
              'ms',
              under,
              each(peer, (one) => one.answerMs),
            ),
          );
          rows.push(
            row(
              `failed calls: ${peer.name}`,
              '',
              under,
              each(peer, (one) => one.failed),
            ),
          );
          rows.push(
            row(
              `retransmissions: ${peer.name}`,
              '',
              under,
              each(peer, (one) => one.retransmissions),
            ),
          );
        }
        rows.push(
          row('CPU: ours ÷ Kamailio', '×', `${under}, pair by pair`, ratio(ours, kamailio)),
          row('CPU: ours ÷ Kamailio, all timers run out', '×', `${under}, whole run`, [whole(ours) / whole(kamailio)]),
          row('CPU: ours ÷ Kamailio, nothing kept', '×', `${under}, pair by pair`, ratio(bare, kamailio)),
          row(
            'CPU of PostgreSQL per answered call',
            'ms',
            under,
            each(ours, (one) => one.databasePerCall),
          ),
        );
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
