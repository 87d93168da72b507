/** What browsers send: every schema of core/wire, given any JSON, says yes or no; a yes is still a yes when said again. */
import * as wire from '../../core/src/wire/index.js';
import { mutateJson } from './json.js';
import { bytesOf, latin1, smallerText } from './mutate.js';
import { ensure, type Target } from './target.js';

interface Schema {
  safeParse(value: unknown): {
    success: boolean;
    data?: unknown;
    error?: { issues: { code: string; path: PropertyKey[] }[] };
  };
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && 'safeParse' in value;
const schemas = Object.entries(wire).filter((entry): entry is [string, Schema & (typeof entry)[1]] =>
  isSchema(entry[1]),
);
/** Read from sockets message by message: what they let through is kept as it is. */
const messages = new Set(['deskMessage', 'phoneMessage', 'serverMessage', 'phoneServerMessage']);

const said = [
  { type: 'hello', v: 1, build: 'x', page: 'desk' },
  { type: 'line.open', nonce: 'a', offer: 'v=0\r\n' },
  { type: 'hello', v: 1, build: 'x', page: 'desk', line: 'ln_1', colleagues: 'e.1' },
  { type: 'colleagues.resync' },
  { type: 'line.close' },
  { type: 'presence.set', presence: 'away', reason: 'lunch' },
  { type: 'offer.accept', reservation: 'r' },
  { type: 'call.mute', conversation: 'c', muted: true },
  { type: 'call.dtmf', conversation: 'c', digits: '12#' },
  { type: 'wrap-up.save', conversation: 'c', disposition: 'resolved', note: '折り返し' },
  { type: 'ping', n: 1 },
  { type: 'dial', from: '+819011112222', to: '+81312345678', offer: 'v=0' },
  { type: 'dtmf', digit: '5' },
  { email: 'a@b.example', password: 'x' },
  { presence: 'away', reason: 'break' },
  { csv: 'name,phone\n', dryRun: true },
  { q: 'x', limit: '20', cursor: 'a', from: '1', to: '2', status: 'closed' },
  { points: '800', download: '1' },
];

export const wireSchemas: Target<string> = {
  name: 'wire',
  extension: 'json',
  seeds: () => said.map((value) => latin1(Buffer.from(JSON.stringify(value), 'utf8'))),
  mutate: mutateJson,
  encode: bytesOf,
  decode: latin1,
  smaller: smallerText,
  run(input, report) {
    let value: unknown;
    try {
      value = JSON.parse(Buffer.from(bytesOf(input)).toString('utf8'));
    } catch {
      return report.saw('no JSON');
    }
    for (const [name, schema] of schemas) {
      const result = report.timed(() => schema.safeParse(value));
      if (!result.success) {
        const issue = result.error?.issues[0];
        if (messages.has(name)) report.saw(`${name} ${issue?.code} ${String(issue?.path[0]).slice(0, 20)}`);
        continue;
      }
      report.saw(`${name} yes`);
      if (!messages.has(name)) continue;
      ensure(schema.safeParse(JSON.parse(JSON.stringify(result.data))).success, 'yes-then-no', name);
    }
    ensure(!('polluted' in {}), 'prototype-polluted', 'Object.prototype has a member of the input');
  },
};
