/** The SIP parser on its own: any bytes give a result; what was read can be written and read again, and means the same. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { callerOf, dialledIn } from '../../telephony/src/sip/agent/caller.js';
import { digitOf, sessionOf } from '../../telephony/src/sip/agent/body.js';
import { refusalOf } from '../../telephony/src/sip/agent/rules.js';
import { parseDigest } from '../../telephony/src/sip/digest/header.js';
import { headerValues, type SipMessage } from '../../telephony/src/sip/message.js';
import { parseMessage } from '../../telephony/src/sip/parse.js';
import { serializeMessage } from '../../telephony/src/sip/serialize.js';
import { offerText, requestText } from '../../telephony/src/sip/testing/world.js';
import { bytesOf, latin1, smallerText } from './mutate.js';
import { mutateSip } from './mutate-sip.js';
import { ensure, size, type Report, type Target } from './target.js';

/** The built program lies one folder deeper than this file. */
const places = ['../../telephony', '../../../telephony'];

/** The torture messages of RFC 4475, as text of one character per byte. */
export function tortures(): string[] {
  const folder = places
    .map((place) => fileURLToPath(new URL(`${place}/src/sip/testing/rfc4475/`, import.meta.url)))
    .find((path) => existsSync(path));
  if (folder === undefined) throw new Error('the torture messages are not there');
  return ['valid', 'invalid'].flatMap((kind) =>
    readdirSync(`${folder}${kind}`)
      .toSorted()
      .map((name) => readFileSync(`${folder}${kind}/${name}`, 'latin1')),
  );
}

export const sipMessage: Target<string> = {
  name: 'sip-message',
  extension: 'bin',
  seeds: () => [
    ...tortures(),
    requestText({ body: offerText }),
    requestText({ method: 'OPTIONS', contact: null }),
    requestText({ method: 'INFO', body: 'Signal=5\r\nDuration=160\r\n', type: 'application/dtmf-relay' }),
    'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nf: a <sip:a@b>;tag=1\r\nt: <sip:c@d>;tag=2\r\ni: x\r\nCSeq: 1 BYE\r\n\r\n',
    '\r\n\r\n',
    '\0\0\0\0',
  ],
  mutate: (input, other, random) => mutateSip(input, other, random),
  encode: bytesOf,
  decode: latin1,
  smaller: smallerText,
  run(input, report) {
    const bytes = bytesOf(input);
    const result = report.timed(() => parseMessage(bytes));
    if (!result.ok) {
      report.saw(`${result.code} ${result.detail} ${result.answerable !== null}`);
      ensure(result.detail.length <= 60, 'detail-tells-content', result.detail.slice(0, 80));
      return;
    }
    const { message } = result;
    const seen = message.kind === 'request' ? message.method : String(message.status);
    report.saw(`${seen} ${size(message.headers.length)} ${size(message.body.length)}`);
    for (const { name } of message.headers) report.saw(`header ${name.slice(0, 30)}`);
    const again = parseMessage(serializeMessage(message));
    ensure(again.ok, 'written-is-unreadable', () => (again.ok ? '' : `${again.code} ${again.detail}`));
    if (again.ok) {
      const same = JSON.stringify(strip(again.message)) === JSON.stringify(strip(message));
      ensure(same, 'written-means-else', () => JSON.stringify(again.message).slice(0, 400));
    }
    readOn(message, report);
    if (message.kind === 'request') {
      callerOf(message, result.essentials.from);
      dialledIn(message);
      report.saw(`refusal ${refusalOf(message)?.status ?? 0}`);
    }
  },
};

function strip(message: SipMessage): unknown {
  return message;
}

function readOn(message: SipMessage, report: Report): void {
  const session = report.timed(() => sessionOf(message));
  if (session !== null) report.saw(`session ${session.ok ? session.audio.direction : session.code}`);
  report.saw(`digit ${String(digitOf(message))}`);
  for (const name of ['authorization', 'proxy-authorization', 'www-authenticate', 'proxy-authenticate']) {
    for (const value of headerValues(message, name)) report.saw(`digest ${parseDigest(value)?.size ?? 'none'}`);
  }
}
