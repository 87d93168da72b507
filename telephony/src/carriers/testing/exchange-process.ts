/** The exchange in a process of its own, from the compiled code, so that it can be killed. */
import type { PhoneCommand, PhoneEvent } from '@denwaban/core';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const compiled = (room: string) => new URL(`../../../../${room}/dist/index.js`, import.meta.url).href;

const program = `
import { randomBytes } from 'node:crypto';
import { epochMs, mintId } from '${compiled('core')}';
import { connectMedia, createExchange, createSipEndpoint } from '${compiled('telephony')}';
const { socket, sipPort, recordingsDir } = JSON.parse(process.argv[2]);
const log = { debug() {}, info() {}, warn() {}, error() {} };
const now = () => epochMs(Date.now());
const media = connectMedia(socket, () => {});
const exchange = createExchange({
  sip: (handlers) => createSipEndpoint({ host: '127.0.0.1', port: sipPort, publicAddress: '127.0.0.1', userAgent: null, handlers, log }),
  media, recordingsDir, now, log,
  trunks: [{ id: 'tk_demo', name: 'Demo', inbound: { addresses: ['127.0.0.0/8'] } }],
  mintLeg: () => mintId('lg', now(), randomBytes(10)),
});
exchange.listen((event) => process.send({ event }));
process.on('message', async ({ command, line }) => {
  if (command) exchange.carryOut(command);
  if (line) process.send({ answer: (await exchange.openLine(line)).answer });
});
process.on('disconnect', () => process.exit(0));
await new Promise((resolve) => media.onReady(resolve));
await exchange.start();
process.send({ ready: true });
`;

export async function exchangeProcess(options: {
  folder: string;
  socket: string;
  sipPort: number;
  recordingsDir: string;
}) {
  const file = join(options.folder, 'exchange-process.mjs');
  writeFileSync(file, program);
  const child = fork(file, [JSON.stringify(options)], { execArgv: [] }); // the compiled code, whatever runs us
  const events: PhoneEvent[] = [];
  const answers: string[] = [];
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the exchange did not start')));
    child.on('message', (message: { event?: PhoneEvent; answer?: string; ready?: true }) => {
      if (message.event !== undefined) events.push(message.event);
      if (message.answer !== undefined) answers.push(message.answer);
      if (message.ready) resolve();
    });
  });
  return {
    events,
    answers,
    carryOut: (command: PhoneCommand) => void child.send({ command }),
    openLine: (line: { agent: string; line: string; offer: string }) => void child.send({ line }),
    /** kill -9; resolves when it is gone. */
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
