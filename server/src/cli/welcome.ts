/** What a start ends with: where to open, who can sign in, and three ways to make the first call. */
import type { Settings } from '../services.js';
import type { ControlFacts } from './messages.js';

type Language = 'en' | 'ja';

/** The reader's language as the terminal's locale tells it. */
export function terminalLanguage(env: Readonly<Record<string, string | undefined>>): Language {
  return /^ja/i.test(env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '') ? 'ja' : 'en';
}

/** @returns the lines, ready to print */
export function welcome(
  settings: Settings,
  facts: ControlFacts | null,
  startedInMs: number,
  language: Language,
): string[] {
  const say = (en: string, ja: string): string => (language === 'ja' ? ja : en);
  const seconds = (startedInMs / 1000).toFixed(1);
  const web = webAddress(settings);
  const lines = ['', say(`Denwaban is ready (${seconds} s).`, `電話番の準備ができました（${seconds} 秒）。`), ''];
  lines.push(say(`  Open          ${web}`, `  開く          ${web}`));
  const demo = facts?.demo;
  if (!demo) {
    lines.push(
      say(
        `  Sign in       with the address and password you were given`,
        `  サインイン    登録されたメールアドレスとパスワードで`,
      ),
    );
    if (facts?.people === 0)
      lines.push(say(`                Nobody can sign in yet.`, `                まだ誰もサインインできません。`));
    lines.push('', say('Ctrl-C stops it.', '終了は Ctrl-C。'), '');
    return lines;
  }

  const first = demo.people.find((person) => person.role === 'agent') ?? demo.people[0];
  const supervisor = demo.people.find((person) => person.role !== 'agent');
  const caller = demo.customers.find((customer) => customer.ownerEmail === first?.email) ?? demo.customers[0];
  const number = demo.numbers[0] ?? '+81312345678';
  lines.push(
    say(
      `  Sign in       ${first?.email}  (${first?.name}, ${first?.team})`,
      `  サインイン    ${first?.email}（${first?.name}、${first?.team}）`,
    ),
  );
  if (supervisor)
    lines.push(
      say(
        `                ${supervisor.email}  (${supervisor.name}, ${supervisor.role})`,
        `                ${supervisor.email}（${supervisor.name}、${supervisor.role}）`,
      ),
    );
  lines.push(
    say(
      `  Password      ${demo.password}   (${demo.people.length} demo people, all the same)`,
      `  パスワード    ${demo.password}（デモの ${demo.people.length} 人に共通）`,
    ),
  );
  lines.push(
    '',
    say(
      `Make the first call. Sign in, press "Go available", then:`,
      `最初の電話をかけましょう。サインインして「受付開始」を押してから:`,
    ),
    '',
  );
  lines.push(
    say(`  1. In a browser: open ${web}/phone and press call.`, `  1. ブラウザーで: ${web}/phone を開いて発信。`),
  );
  const sip = `${demo.sip.host}:${demo.sip.port}`;
  lines.push(
    say(
      `  2. From any SIP phone, without an account: dial sip:${number}@${sip}`,
      `  2. 手元の SIP 電話から（アカウント不要）: sip:${number}@${sip} に発信。`,
    ),
  );
  lines.push(
    say(
      `  3. From a terminal, as ${caller?.name ?? 'a customer'} (Debian: apt install baresip):`,
      `  3. 端末から、${caller?.name ?? '顧客'} として（Debian: apt install baresip）:`,
    ),
  );
  lines.push(`     ${baresipLine(caller?.phone ?? '+819000000001', number, sip)}`);
  lines.push('', say('Ctrl-C stops it.', '終了は Ctrl-C。'), '');
  return lines;
}

/** The address to type. A wildcard is no address: the machine's own loopback is shown, where the microphone works too. */
export function webAddress({ httpHost, httpPort }: Settings): string {
  const host = ['0.0.0.0', '::'].includes(httpHost) ? 'localhost' : httpHost.includes(':') ? `[${httpHost}]` : httpHost;
  return `http://${host}:${httpPort}`;
}

/** One line that works when pasted: an account without registration whose user is the customer's number, then a call. */
export function baresipLine(from: string, to: string, sip: string): string {
  return `baresip -e "/uanew <sip:${from}@${sip}>;regint=0" -e "/dial sip:${to}@${sip}"`;
}
