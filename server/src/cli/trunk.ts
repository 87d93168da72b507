/**
 * `npm run trunk -- doctor [id] [--call <number>] [--lang en|ja]`: asks the carriers of trunks.json what they would say to us, step
 * by step, in words. It uses a port of its own and changes nothing, so it may run beside a running Denwaban.
 */
import { createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createSipEndpoint, examine, type Finding, type Patient, type Trunk } from '@denwaban/telephony';
import { runningInstance } from './instance-lock.js';
import { terminalLanguage } from './welcome.js';
import { readSettings } from '../settings.js';
import { StartError } from '../store/start-error.js';
import { lineOf, type Language } from '../trunks/doctor-words.js';
import { readTrunks } from '../trunks/read.js';

const usage = 'npm run trunk -- doctor [id] [--call <number>] [--lang en|ja]';
const silentLog = { debug() {}, info() {}, warn() {}, error() {} };

const general = {
  en: {
    running: (port: number) =>
      `Denwaban is running here. These questions come from port ${port}, not from its own: a carrier that knows only that one may treat them differently.`,
    none: 'trunks.json lists no trunk.',
    unknown: (id: string) => `There is no trunk "${id}" in trunks.json.`,
    fine: 'Nothing is wrong, as far as can be seen from here.',
    wrong: (count: number) => `${count} thing(s) to mend.`,
  },
  ja: {
    running: (port: number) =>
      `Denwaban が稼働中です。この確認は別のポート ${port} から行うので、通信事業者の扱いが稼働中のものと異なる場合があります。`,
    none: 'trunks.json にトランクがありません。',
    unknown: (id: string) => `trunks.json にトランク "${id}" はありません。`,
    fine: 'ここから確認できる範囲では問題ありません。',
    wrong: (count: number) => `直すべき点が ${count} 件あります。`,
  },
} as const;

/** @returns the exit code: 0 when nothing is wrong, 1 when something is, 2 when it could not look */
export async function runTrunk(
  args: string[],
  env: NodeJS.ProcessEnv,
  say: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
): Promise<number> {
  let parsed;
  try {
    const options = { call: { type: 'string' }, lang: { type: 'string' } } as const;
    parsed = parseArgs({ args, allowPositionals: true, options });
  } catch {
    say(usage);
    return 2;
  }
  const [what, id] = parsed.positionals;
  const { call, lang } = parsed.values;
  const language: Language = lang === 'ja' || lang === 'en' ? lang : terminalLanguage(env);
  if (what !== 'doctor' || (call !== undefined && !/^[+*#0-9]{2,32}$/.test(call))) {
    say(usage);
    return 2;
  }
  const words = general[language];
  const result = readSettings(env, path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..'));
  if (!result.ok) {
    for (const problem of result.problems) say(problem);
    return 2;
  }
  const { settings } = result;
  let all: Trunk[];
  try {
    const read = await readTrunks(settings.dataDir, false);
    for (const warning of read.warnings) say(`  ! ${warning}`);
    all = read.trunks;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    say(`  ✗ ${error.line}`);
    return 1;
  }
  const trunks = id === undefined ? all : all.filter((trunk) => trunk.id === id);
  if (trunks.length === 0) {
    say(id === undefined ? words.none : words.unknown(id));
    return id === undefined ? 0 : 2;
  }
  const port = await freePort(settings.sipHost);
  let examined: Trunk | null = null;
  const sip = createSipEndpoint({
    ...{ host: settings.sipHost, port, publicAddress: settings.publicAddress, userAgent: 'Denwaban', log: silentLog },
    publicAddress6: settings.publicAddress6,
    handlers: {
      trunkOf: () => null,
      contactHostOf: () => examined?.contactHost ?? null,
      onCall: (incoming) => {
        incoming.refuse(480, '');
        return { onAnswered() {}, onAcknowledged() {}, onEnded() {}, onReoffer: () => null, onDigit() {} };
      },
    },
  });
  await sip.start();
  try {
    if ((await runningInstance(settings.dataDir)) !== null) say(words.running(port));
    let wrong = 0;
    for (const trunk of trunks) {
      say(`${trunk.id} (${trunk.name})`);
      examined = trunk;
      const told = (finding: Finding) => {
        if (finding.grade === 'bad') wrong += 1;
        say(lineOf(finding, language));
      };
      await examine(
        sip,
        patientOf(trunk),
        told,
        call === undefined ? null : { number: call, address: settings.publicAddress },
      );
    }
    say(wrong === 0 ? words.fine : words.wrong(wrong));
    return wrong === 0 ? 0 : 1;
  } finally {
    await sip.stop(500);
  }
}

/** Any port, and the same for UDP and TCP: Via and Contact name it. */
async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ host, port: 0 }, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export function patientOf({ outbound, register, ...trunk }: Trunk): Patient {
  const tls = trunk.tls ?? null;
  return {
    ...(trunk.contactHost === undefined ? {} : { contactHost: trunk.contactHost }),
    outbound:
      outbound === undefined
        ? null
        : {
            server: { ...outbound.server, tls },
            ...{ credentials: outbound.account, callerId: outbound.callerId, codecs: outbound.codecs },
          },
    register:
      register === undefined
        ? null
        : {
            servers: register.servers.map((server) => ({ ...server, tls })),
            ...{ user: register.user, domain: register.domain, credentials: register.account },
          },
  };
}
