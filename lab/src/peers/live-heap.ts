/**
 * What a Node process holds that is in use: its heap after it was told to clear up, by its own inspector. Its memory as the kernel
 * counts it says how much garbage it was allowed to make.
 */
import { WebSocket } from 'ws';
import { until } from './process.js';

/** For the environment of the process: its inspector, once it is woken, takes any free port. */
export const anyInspectorPort = { NODE_OPTIONS: '--inspect-port=127.0.0.1:0' };

export interface LiveHeap {
  mb(): Promise<number>;
  close(): void;
}

/** @param log what the process has printed so far */
export async function liveHeap(pid: number, log: () => string): Promise<LiveHeap> {
  const urls = () => [...log().matchAll(/Debugger listening on (ws:\/\/\S+)/g)].map(([, url = '']) => url);
  const known = urls().length;
  process.kill(pid, 'SIGUSR1');
  const url = await until('the inspector', () => urls()[known]);
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  let asked = 0;
  const ask = (method: string, params: object = {}): Promise<{ result?: { value?: unknown } }> => {
    const id = ++asked;
    const answer = new Promise<{ result?: { value?: unknown } }>((resolve) => {
      socket.on('message', function take(data: Buffer) {
        const told = JSON.parse(data.toString('utf8')) as { id?: number; result?: { result?: { value?: unknown } } };
        if (told.id !== id) return;
        socket.off('message', take);
        resolve(told.result ?? {});
      });
    });
    socket.send(JSON.stringify({ id, method, params }));
    return answer;
  };
  return {
    async mb() {
      // What the first finds dead may hold what the second does.
      for (let i = 0; i < 2; i++) await ask('HeapProfiler.collectGarbage');
      const expression = '{ const { heapUsed, external } = process.memoryUsage(); heapUsed + external }';
      const { result } = await ask('Runtime.evaluate', { expression, returnByValue: true });
      if (typeof result?.value !== 'number') throw new Error('the inspector told no figure');
      return Math.round((result.value / 2 ** 20) * 10) / 10;
    },
    close: () => socket.close(),
  };
}
