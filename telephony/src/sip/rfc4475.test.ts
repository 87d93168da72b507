/**
 * The torture messages of RFC 4475 (testing/rfc4475/), each with what becomes of it: what the parser says, and what the agent
 * answers when it comes from a trunk.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { header } from './message.js';
import { parseMessage } from './parse.js';
import { serializeMessage } from './serialize.js';
import { makeWorld } from './testing/world.js';

const folder = fileURLToPath(new URL('testing/rfc4475/', import.meta.url));

/** `answer`: our first word to it, 0 for silence. `code`: the parser's, when it refuses. `because`: where we go our own way. */
interface Treatment {
  code?: string;
  answer: number;
  because?: string;
}

const treatments: Record<string, Treatment> = {
  // §3.1.1: valid
  'valid/wsinv': { answer: 481, because: 'To has a tag, and we know no such dialog.' },
  'valid/intmeth': { answer: 501 },
  'valid/esc01': { answer: 180 },
  'valid/escnull': { answer: 405 },
  'valid/esc02': { answer: 501, because: 'RE%47IST%45R is not REGISTER: methods know no escapes.' },
  'valid/lwsdisp': { answer: 200 },
  'valid/longreq': { answer: 180 },
  'valid/dblreq': {
    answer: 405,
    because: 'Of one datagram the first message counts; what follows its body is dropped.',
  },
  'valid/semiuri': { answer: 200 },
  'valid/transports': { answer: 200 },
  'valid/mpart01': { answer: 405 },
  'valid/unreason': { answer: 0, because: 'An answer to nothing of ours.' },
  'valid/noreason': { answer: 0, because: 'An answer to nothing of ours.' },
  // §3.1.2: syntax errors
  'invalid/badinv01': {
    code: 'bad-header',
    answer: 0,
    because: 'Its Via cannot be read, so nobody knows where a 400 would go.',
  },
  'invalid/clerr': { code: 'bad-content-length', answer: 400 },
  'invalid/ncl': { code: 'bad-content-length', answer: 400 },
  'invalid/scalar02': { code: 'bad-header', answer: 400 },
  'invalid/scalarlg': { code: 'bad-header', answer: 0 },
  'invalid/quotbal': { code: 'bad-header', answer: 400 },
  'invalid/ltgtruri': { code: 'bad-uri', answer: 400 },
  'invalid/lwsruri': { code: 'bad-uri', answer: 400 },
  'invalid/lwsstart': { code: 'bad-uri', answer: 400 },
  'invalid/trws': { code: 'bad-start-line', answer: 400 },
  'invalid/escruri': { code: 'bad-uri', answer: 400 },
  'invalid/baddate': { answer: 180, because: 'We read no Date (§3.1.2.12 lets an element ignore it).' },
  'invalid/regbadct': { code: 'bad-header', answer: 400 },
  'invalid/badaspec': {
    answer: 200,
    because: 'Spaces just inside <> leave no doubt (§3.1.2.14 allows to be lenient).',
  },
  'invalid/baddn': {
    code: 'head-not-closed',
    answer: 400,
    because: 'The stored message has no empty line; its display name we would accept.',
  },
  'invalid/badvers': {
    code: 'bad-version',
    answer: 0,
    because: '505 would need its Via, which is of SIP/7.0 too and cannot be read.',
  },
  'invalid/mismatch01': { code: 'method-mismatch', answer: 400 },
  'invalid/mismatch02': { code: 'method-mismatch', answer: 400 },
  'invalid/bigcode': { code: 'bad-status', answer: 0 },
  // §3.2: transaction layer
  'invalid/badbranch': {
    answer: 200,
    because: 'A bare magic cookie is matched as RFC 2543 would (§3.2.1 fears only confusion).',
  },
  // §3.3: application layer
  'invalid/insuf': {
    code: 'missing-header',
    answer: 0,
    because: 'Without From, To and Call-ID no answer can be made.',
  },
  'invalid/unkscm': { answer: 416 },
  'invalid/novelsc': { answer: 416 },
  'invalid/unksm2': { answer: 405 },
  'invalid/bext01': { answer: 420 },
  'invalid/invut': { answer: 415 },
  'invalid/regaut01': { answer: 405 },
  'invalid/multi01': { code: 'repeated-header', answer: 400 },
  'invalid/mcl01': { code: 'repeated-header', answer: 400 },
  'invalid/bcast': { answer: 0, because: 'An answer with a second Via is dropped (§8.1.3.3).' },
  'invalid/zeromf': { answer: 200, because: 'We are where it goes: only who would forward answers 483.' },
  'invalid/cparam01': { answer: 405 },
  'invalid/cparam02': { answer: 405 },
  'invalid/regescrt': { answer: 405 },
  'invalid/sdp01': { answer: 406 },
  // §3.4: RFC 2543
  'invalid/inv2543': { answer: 180 },
};

const files = ['valid', 'invalid'].flatMap((kind) =>
  readdirSync(`${folder}${kind}`).map((file) => `${kind}/${file.replace(/\.dat$/, '')}`),
);

test('every stored message has its treatment', () => {
  expect(files.toSorted()).toEqual(Object.keys(treatments).toSorted());
});

test.each(files)('%s', (file) => {
  const treatment = treatments[file] ?? { answer: -1 };
  const bytes = readFileSync(`${folder}${file}.dat`);
  const parsed = parseMessage(bytes);
  expect(parsed.ok ? undefined : parsed.code).toBe(treatment.code);
  if (parsed.ok) {
    const again = parseMessage(serializeMessage(parsed.message));
    expect(again).toEqual(parsed);
  }

  const world = makeWorld();
  world.onCall = (call) => call.ring();
  world.receive(bytes);
  expect(world.logged.filter(({ level }) => level === 'error')).toEqual([]);
  const first = world.sent[0]?.message;
  expect(first?.kind === 'response' ? first.status : 0).toBe(treatment.answer);
});

const read = (file: string) => {
  const parsed = parseMessage(readFileSync(`${folder}${file}.dat`));
  if (!parsed.ok) throw new Error(parsed.code);
  return parsed;
};

test('wsinv: folding, odd spacing, compact names and quoted pairs come out as what they mean', () => {
  const { message, essentials } = read('valid/wsinv');
  expect(essentials).toMatchObject({
    via: { transport: 'UDP', host: '192.0.2.2', params: [{ name: 'branch', value: '390skdjuw' }] },
    cseq: { number: 9, method: 'INVITE' },
    callId: 'wsinv.ndaksdj@192.0.2.1',
    from: {
      display: '"J Rosenberg \\\\\\""',
      uri: 'sip:jdrosen@example.com',
      params: [{ name: 'tag', value: '98asjd8' }],
    },
    to: { params: [{ name: 'tag', value: '1918181833n' }] },
  });
  expect(message.headers.filter(({ name }) => name === 'via')).toHaveLength(3);
  expect(header(message, 'subject')).toBe('');
  expect(header(message, 'newfangledheader')).toBe('newfangled value continued newfangled value');
  expect(message.body).toHaveLength(150);
});

test('intmeth and unreason: every byte survives', () => {
  const method = read('valid/intmeth');
  expect(method.message).toMatchObject({ method: "!interesting-Method0123456789_*+`.%indeed'~" });
  expect(method.essentials.to.display).toBe('"BEL:\\\u0007 NUL:\\\u0000 DEL:\\\u007f"');
  const reason = read('valid/unreason').message;
  expect(reason.kind === 'response' && Buffer.from(reason.reason, 'latin1').toString('utf8')).toBe(
    '= 2**3 * 5**2 но сто девяносто девять - простое',
  );
});

test('dblreq: what follows the first message of a datagram is dropped', () => {
  expect(read('valid/dblreq').message).toMatchObject({ method: 'REGISTER', body: new Uint8Array(0) });
});

test('bext01: 420 names every extension that was required, as it was written', () => {
  const world = makeWorld();
  world.receive(readFileSync(`${folder}invalid/bext01.dat`));
  expect(header(world.lastResponse(), 'unsupported')).toBe('nothingSupportsThis, nothingSupportsThisEither');
});
