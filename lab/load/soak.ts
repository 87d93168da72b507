/**
 * 200 recorded calls between a telephone and a browser for ten minutes (`--minutes` for less). Bar: < 0.01 % loss, measured
 * there and back, and no growth.
 */
import { readdirSync } from 'node:fs';
import { cpuMs, residentMb } from './cpu.js';
import { generate } from './generator.js';
import { quiet, row, type Benchmark } from './measure.js';
import { openRecordedCalls } from './peers/recorded-calls.js';
import { startMediaRelay } from './peers/media.js';
import { compileGenerator } from './pinned.js';

const calls = 200;

export const soak: Benchmark = {
  name: 'soak',
  onlyByName: true,
  async run({ minutes = 10 }) {
    const generator = compileGenerator();
    if ('missing' in generator) return [quiet('soak', generator.missing)];
    const media = await startMediaRelay();
    try {
      const recorded = await openRecordedCalls(media, calls);
      const memory: number[] = [];
      const files = () => readdirSync(`/proc/${media.pid}/fd`).length;
      const filesBefore = files();
      const watch = setInterval(() => memory.push(residentMb(media.pid)), 5_000);
      let cpu = { media: 0, peers: 0 };
      const measuredMs = minutes * 60_000;
      const figures = await generate(generator.path, recorded.targets, {
        echo: true,
        warmMs: 3_000,
        measuredMs,
        window(edge) {
          const used = { media: cpuMs(media.pid), peers: cpuMs(recorded.pid) };
          cpu = edge === 'begin' ? used : { media: used.media - cpu.media, peers: used.peers - cpu.peers };
        },
      });
      clearInterval(watch);
      const filesAfter = files();
      const lengths = await recorded.close();
      const under = `${calls} recorded calls SIP↔WebRTC, ${minutes} min`;
      return [
        row('loss, there and back', '%', `${under}, ${figures.sent} packets`, [
          (100 * (figures.sent - figures.received)) / figures.sent,
        ]),
        row('packets at the wrong leg', '', under, [figures.foreign]),
        row('latency there and back p50', 'ms', under, [figures.p50]),
        row('latency there and back p99', 'ms', under, [figures.p99]),
        row('latency there and back, worst', 'ms', under, [figures.max]),
        row('media process: core used', '×', under, [cpu.media / measuredMs]),
        row('media process: CPU per relayed packet', 'µs', under, [(cpu.media * 1000) / (2 * figures.received)]),
        row('media process: memory', 'MB', `${under}, every 5 s`, memory),
        row('media process: memory at the end ÷ after one fifth', '×', under, [
          (memory.at(-1) ?? 0) / (memory[Math.floor(memory.length / 5)] ?? 1),
        ]),
        row('media process: files and sockets opened meanwhile', '', under, [filesAfter - filesBefore]),
        row(
          'length of a recording',
          's',
          under,
          lengths.map((ms) => ms / 1000),
        ),
        row('WebRTC peers: core used', '×', under, [cpu.peers / measuredMs]),
        row('generator: core used', '×', under, [figures.core]),
        row('generator: p99 of how late it sent', 'ms', under, [figures.lateP99]),
      ];
    } catch (error) {
      process.stderr.write(`${media.trouble()}\n`);
      throw error;
    } finally {
      await media.stop();
    }
  },
};
