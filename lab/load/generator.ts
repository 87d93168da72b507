/** Runs the RTP generator against a relay and reads its figures. */
import { spawn } from 'node:child_process';
import { loadCore } from './pinned.js';

export interface GeneratorFigures {
  sent: number;
  received: number;
  /** Packets that came out at the wrong leg. */
  foreign: number;
  /** One-way, ms: from just before the send to the kernel's stamp of the arrival. */
  p50: number;
  p99: number;
  max: number;
  /** How late the generator itself sent, ms: near its 1 ms step when it is not the limit. */
  lateP99: number;
  /** Share of a core that the generator used. */
  core: number;
  /** Each quarter of a second of the measured part. */
  windows: GapWindow[];
}

/** What the listeners heard in a quarter of a second that ended at `at` (epoch ms). */
export interface GapWindow {
  at: number;
  /** The longest gap that anybody heard, ms; 20 when every packet came as it was sent. */
  gapMs: number;
  /** How many were longer than 60 ms. */
  longGaps: number;
  packets: number;
}

/** First port of the generator's streams; stream i is bound to this + 2i. */
export const generatorPort = 12_000;

/**
 * @param targets port at 127.0.0.1 for each stream; streams 2k and 2k+1 are the two ends of a call
 * @param echo each stream hears itself: the far end sends back what it gets, and latency is there and back
 * @param window called when the measured part begins and when it ends
 */
export async function generate(
  path: string,
  targets: readonly number[],
  options: { warmMs: number; measuredMs: number; echo?: boolean; window?: (edge: 'begin' | 'end') => void },
): Promise<GeneratorFigures> {
  const { warmMs, measuredMs, window, echo = false } = options;
  const args = [String(targets.length), String(generatorPort), String(warmMs), String(measuredMs), echo ? '0' : '1'];
  const child = spawn('taskset', ['-c', String(loadCore), path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(`${targets.join('\n')}\n`);
  let printed = '';
  let told = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    for (const [i, edge] of (['begin', 'end'] as const).entries()) {
      if (told === i && printed.includes(`${edge}\n`)) {
        window?.(edge);
        told++;
      }
    }
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`the RTP generator ended with ${code}`);
  const windows = printed.match(/^window .*$/gm)?.map((line): GapWindow => {
    const [at = 0, gapMs = 0, longGaps = 0, packets = 0] = line.split(' ').slice(1).map(Number);
    return { at, gapMs, longGaps, packets };
  });
  return { ...(JSON.parse(printed.slice(printed.indexOf('{'))) as GeneratorFigures), windows: windows ?? [] };
}
