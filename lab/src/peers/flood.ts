/** A flood in a process of its own, at the lowest priority: see flood.mjs. */
import { fileURLToPath } from 'node:url';
import { run } from './process.js';

export interface Flood {
  sip: { host: string; port: number; bind: string; number: string; method: string };
  rtp: { host: string; bind: string; ports: number[] };
  http: { host: string; port: number };
}

export interface Flooded {
  sent: number;
  bytesOut: number;
  bytesIn: number;
  /** What came back, by what it was. */
  answers: Record<string, number>;
}

const program = fileURLToPath(new URL('flood.mjs', import.meta.url));

export async function flood<Kind extends keyof Flood>(
  kind: Kind,
  of: Flood[Kind] & { perSecond: number; seconds: number },
): Promise<Flooded> {
  const child = run('nice', ['-n', '19', process.execPath, program, kind, JSON.stringify(of)]);
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`the ${kind} flood ended with ${code}:\n${child.log()}`);
  return JSON.parse(child.log().trim().split('\n').at(-1) ?? '') as Flooded;
}
