/** What a start ends with: where to open, who can sign in, and three ways to make the first call. */
import type { Settings } from '../services.js';
import type { DemoInfo } from '@denwaban/core/wire';
import type { ControlFacts } from './messages.js';

type Language = 'en' | 'ja';

/** The reader's language as the terminal's locale tells it. */
export function terminalLanguage(env: Readonly<Record<string, string | undefined>>): Language {
  return /^ja/i.test(env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '') ? 'ja' : 'en';
}

export interface WelcomeFacts {
  settings: Settings;
  control: ControlFacts | null;
  /** Folder of the demo's ready-made telephone; null when there is none. */
  telephone: string | null;
  startedInMs: number;
  language: Language;
}

/** Who the first call is from and to: a customer whose owner is the person that the reader signs in as. */
export function firstCall(demo: DemoInfo) {
  const agent = demo.people.find((person) => person.role === 'agent') ?? demo.people[0];
  const customer = demo.customers.find(({ ownerEmail }) => ownerEmail === agent?.email) ?? demo.customers[0];
  return { agent, customer, number: demo.numbers[0] };
}

/** @returns the lines, ready to print */
export function welcome({ settings, control, telephone, startedInMs, language }: WelcomeFacts): string[] {
  const say = (en: string, ja: string): string => (language === 'ja' ? ja : en);
  const seconds = (startedInMs / 1000).toFixed(1);
  const web = webAddress(settings);
  const end = ['', say('Ctrl-C stops it.', '終了は Ctrl-C。'), ''];
  const lines = [
    '',
    say(`Denwaban is ready (${seconds} s).`, `電話番の準備ができました（${seconds} 秒）。`),
    '',
    say(`  Open          ${web}`, `  開く          ${web}`),
  ];
  const demo = control?.demo;
  if (!demo) {
    const person = 'npm run company -- person you@example.com "Your Name" --role admin';
    const nobody = say(`nobody can yet. Stop, then: ${person}`, `まだ誰もできません。停止してから: ${person}`);
    const known = say('with the address and password you were given', '登録されたメールアドレスとパスワードで');
    lines.push(say('  Sign in       ', '  サインイン    ') + (control?.people === 0 ? nobody : known));
    return [...lines, ...end];
  }

  const { agent, customer, number } = firstCall(demo);
  const lead = demo.people.find((person) => person.role !== 'agent');
  for (const [i, person] of [agent, lead].entries()) {
    if (!person) continue;
    const label = i === 0 ? say('  Sign in       ', '  サインイン    ') : '                ';
    lines.push(
      label +
        say(
          `${person.email}  (${person.name}, ${person.role}, ${person.team})`,
          `${person.email}（${person.name}、${person.role}、${person.team}）`,
        ),
    );
  }
  const many = demo.people.length;
  lines.push(
    say(
      `  Password      ${demo.password}  (of all ${many} demo people)`,
      `  パスワード    ${demo.password}（デモの ${many} 人に共通）`,
    ),
  );
  lines.push(
    '',
    say(
      'The first call: sign in, go available, then one of',
      '最初の電話: サインインして「受付可」にしてから、次のどれかで',
    ),
    '',
  );
  lines.push(say(`  1. in a browser: open ${web}/phone and call`, `  1. ブラウザー: ${web}/phone を開いて発信`));
  const to = `sip:${number}@${demo.sip.host}:${demo.sip.port}`;
  lines.push(
    say(
      `  2. with any SIP phone on this machine, without an account: dial ${to}`,
      `  2. このマシンの SIP 電話（アカウント不要）: ${to} に発信`,
    ),
  );
  if (telephone !== null && customer) {
    lines.push(
      say(
        `  3. from a terminal, as the customer ${customer.name} (Debian: apt install baresip):`,
        `  3. 端末から、顧客の ${customer.name} として（Debian: apt install baresip）:`,
      ),
    );
    lines.push(`     baresip -f ${JSON.stringify(telephone)} -e "/dial ${to}"`);
  }
  return [...lines, ...end];
}

/** The address to type. A wildcard is no address: the machine's own loopback is shown, where the microphone works too. */
export function webAddress({ httpHost, httpPort }: Settings): string {
  const host = ['0.0.0.0', '::'].includes(httpHost) ? 'localhost' : httpHost.includes(':') ? `[${httpHost}]` : httpHost;
  return `http://${host}:${httpPort}`;
}
