/**
 * The whole user agent under sequences: what strangers send, what their answers do, what the floor above decides, and time.
 * Afterwards nothing may be left: no call, no transaction, no timer.
 */
import { header, headerValues } from '../../telephony/src/sip/message.js';
import { offerText, requestText } from '../../telephony/src/sip/testing/world.js';
import { mutateList, smallerList, smallerText } from './mutate.js';
import { mutateSip } from './mutate-sip.js';
import { createRandom, type Random } from './random.js';
import { tortures } from './sip-message.js';
import { sources, SipWorld } from './sip-world.js';
import { ensure, type Report, type Target } from './target.js';

type Floor = 'ring' | 'answer' | 'refuse' | 'hang-up' | 'snapshot';

export type Step =
  /** A message comes in. {{tag}}, {{branch}} and {{call-id}} become what the agent last used. */
  | { do: 'send'; from: number; over: 'udp' | 'tcp'; text: string; chunk: number }
  /** The agent's last request is answered. `twist`: seed of what is bent in the answer; 0 for nothing. */
  | { do: 'respond'; from: number; status: number; twist: number }
  /** Something the agent sent comes back to it. */
  | { do: 'echo'; from: number; back: number; twist: number }
  | { do: 'floor'; call: number; what: Floor; status: number }
  | { do: 'pass'; ms: number }
  | { do: 'wire'; broken: boolean }
  | { do: 'lose'; connection: number }
  | { do: 'listener'; throws: boolean; reanswers: boolean };

const send = (text: string, from = 0, over: 'udp' | 'tcp' = 'udp', chunk = 0): Step => ({
  do: 'send',
  from,
  over,
  text,
  chunk,
});
const floor = (what: Floor, status = 486): Step => ({ do: 'floor', call: 0, what, status });
const pass = (ms: number): Step => ({ do: 'pass', ms });
const ok: Step = { do: 'respond', from: 0, status: 200, twist: 0 };

const invite = requestText({ body: offerText });
const bare = requestText({});
const within = (method: string, cseq: number, more: Parameters<typeof requestText>[0] = {}): string =>
  requestText({ method, cseq, toTag: '{{tag}}', ...more });
const ack = within('ACK', 1, { branch: 'z9hG4bKack' });
const cancel = requestText({ method: 'CANCEL', branch: 'z9hG4bKINVITE1' });
const digits = { body: 'Signal=5\r\nDuration=160\r\n', type: 'application/dtmf-relay' };

/** As short as a request can be, in names too: what comes back must not be longer when nobody knows who asked. */
const terse = (method: string): string =>
  `${method} sip:a SIP/2.0\r\nv:SIP/2.0/UDP h;rport\r\nf:<sip:a>\r\nt:<sip:a>\r\ni:a\r\nCSeq:1 ${method}\r\n\r\n`;

const dialogs: Step[][] = [
  [
    send(terse('OPTIONS'), 3),
    send(terse('INVITE'), 3),
    send(terse('X').replace('sip:a SIP', 'a SIP'), 3),
    send(terse('INVITE'), 0),
  ],
  [send(invite), floor('ring'), floor('answer'), send(ack), pass(5_000), send(within('BYE', 2))],
  [
    send(invite),
    floor('ring'),
    send(cancel),
    send(requestText({ method: 'ACK', branch: 'z9hG4bKINVITE1', toTag: '{{tag}}' })),
  ],
  [
    send(invite),
    floor('refuse'),
    pass(700),
    send(requestText({ method: 'ACK', branch: 'z9hG4bKINVITE1', toTag: '{{tag}}' })),
  ],
  [send(invite), floor('answer'), send(ack), floor('hang-up'), pass(600), ok],
  [send(invite), floor('answer'), floor('hang-up'), pass(2_000), send(ack), ok],
  [send(invite), floor('answer'), pass(40_000), { do: 'respond', from: 0, status: 481, twist: 0 }],
  [
    send(bare),
    floor('answer'),
    send(within('ACK', 1, { body: offerText })),
    send(within('INVITE', 2, { body: offerText })),
    send(within('ACK', 2)),
  ],
  [
    send(invite),
    floor('answer'),
    send(ack),
    send(within('INFO', 2, digits)),
    send(within('UPDATE', 3, { body: offerText })),
    send(within('INVITE', 4)),
    send(within('ACK', 4, { body: offerText })),
  ],
  [send(invite), send(invite), send(invite.replace('z9hG4bKINVITE1', 'z9hG4bKother')), pass(61_000), floor('hang-up')],
  [send(requestText({ extra: ['Expires: 2'], body: offerText })), floor('ring'), pass(3_000)],
  [send(requestText({ extra: ['Expires: 3600'], body: offerText })), floor('ring'), floor('answer'), send(ack)],
  [send(requestText({ method: 'OPTIONS' }), 3), send(invite, 3), send(requestText({ method: 'REGISTER' }), 3, 'tcp')],
  [
    send(requestText({ method: 'OPTIONS' }), 1),
    send(requestText({ method: 'BYE', toTag: 'x' }), 1),
    send(requestText({ method: 'PRACK' }), 2),
  ],
  [
    send(requestText({ body: offerText, transport: 'TCP' }), 0, 'tcp', 40),
    floor('answer'),
    send(ack, 0, 'tcp'),
    { do: 'lose', connection: 1 },
    floor('hang-up'),
    pass(900),
    ok,
  ],
  [send(invite), floor('answer'), send(ack), { do: 'wire', broken: true }, floor('hang-up'), pass(1_000)],
  [
    { do: 'listener', throws: true, reanswers: false },
    send(invite),
    floor('answer'),
    send(ack),
    send(within('INVITE', 2, { body: offerText })),
  ],
  [
    send(invite),
    floor('answer'),
    send(ack, 1),
    send(within('BYE', 2), 1),
    { do: 'echo', from: 0, back: 0, twist: 0 },
    { do: 'echo', from: 3, back: 1, twist: 3 },
  ],
];

const texts = [
  invite,
  bare,
  ack,
  cancel,
  ...['BYE', 'INFO', 'UPDATE', 'INVITE', 'OPTIONS', 'PRACK', 'REFER'].map((method, at) => within(method, at + 2)),
  within('INVITE', 3, { body: offerText }),
  within('INFO', 4, digits),
  within('ACK', 3, { body: offerText }),
  requestText({ method: 'INVITE', callId: 'call-2', branch: 'z9hG4bKsecond', body: offerText }),
];

function fresh(random: Random): Step {
  const from = random.once(3) ? random.below(sources.length) : 0;
  switch (random.below(10)) {
    case 0:
      return pass(random.pick([0, 499, 500, 4_000, 32_000, 33_000, 64_500, 180_000, 600_000]));
    case 1:
      return {
        do: 'respond',
        from,
        status: random.pick([100, 180, 200, 202, 301, 401, 407, 481, 503, 699]),
        twist: random.once(2) ? 0 : random.below(2 ** 31),
      };
    case 2:
      return { do: 'echo', from, back: random.below(6), twist: random.once(2) ? 0 : random.below(2 ** 31) };
    case 3:
      return random.pick<Step>([
        { do: 'wire', broken: true },
        { do: 'wire', broken: false },
        { do: 'lose', connection: 1 + random.below(4) },
        { do: 'listener', throws: random.once(2), reanswers: random.once(2) },
      ]);
    case 4:
    case 5:
      return {
        do: 'floor',
        call: random.below(3),
        what: random.pick<Floor>(['ring', 'answer', 'refuse', 'hang-up', 'snapshot']),
        status: random.pick([486, 603, 404, 700, 200, 0, Number.NaN]),
      };
    default:
      return send(random.pick(texts), from, random.once(4) ? 'tcp' : 'udp', random.once(2) ? 0 : 1 + random.below(300));
  }
}

function mutate(input: Step[], other: Step[], random: Random): Step[] {
  const bend = (step: Step): Step => {
    if (random.once(6)) return fresh(random);
    const lent = other.find((entry) => entry.do === 'send');
    switch (step.do) {
      case 'send':
        if (random.once(8)) return { ...step, from: random.below(sources.length) };
        if (random.once(8)) return { ...step, over: step.over === 'udp' ? 'tcp' : 'udp' };
        return { ...step, text: mutateSip(step.text, lent?.do === 'send' ? lent.text : invite, random) };
      case 'respond':
      case 'echo':
        return { ...step, twist: random.below(2 ** 31) };
      case 'pass':
        return pass(random.below(70_000));
      default:
        return fresh(random);
    }
  };
  let bent = mutateList(input, other, random, bend, 24);
  if (random.once(2)) bent = mutateList(bent, other, random, bend, 24);
  if (random.once(4)) bent.splice(random.below(bent.length + 1), 0, fresh(random));
  return bent;
}

function play(world: SipWorld, steps: readonly Step[]): void {
  for (const step of steps) {
    switch (step.do) {
      case 'send':
        world.receive(filledIn(step.text, world), step.from, step.over, step.chunk);
        break;
      case 'respond': {
        const text = responseOf(world, step.status);
        if (text !== null) world.receive(twisted(text, step.twist), step.from, 'udp', 0);
        break;
      }
      case 'echo': {
        const text = world.sent.at(-1 - step.back)?.text;
        if (text !== undefined) world.receive(twisted(text, step.twist), step.from, 'udp', 0);
        break;
      }
      case 'floor':
        decide(world, step);
        break;
      case 'pass':
        world.pass(Math.min(step.ms, 600_000));
        break;
      case 'wire':
        world.broken = step.broken;
        break;
      case 'lose':
        world.lose(step.connection);
        break;
      case 'listener':
        world.throws = step.throws;
        world.reanswers = step.reanswers;
    }
    if (world.problem !== null) throw world.problem;
  }
}

function decide(world: SipWorld, step: Extract<Step, { do: 'floor' }>): void {
  const call = world.lives.at(-1 - step.call)?.call;
  if (call === undefined) return;
  if (step.what === 'ring') call.ring();
  else if (step.what === 'answer') call.answer(world.description(call));
  else if (step.what === 'refuse') call.refuse(step.status, 'no\r\nX-Injected: 1', 2.5);
  else if (step.what === 'hang-up') call.hangUp('bye\r\nX-Injected: 1');
  else JSON.stringify(call.snapshot());
}

function filledIn(text: string, world: SipWorld): string {
  if (!text.includes('{{')) return text;
  const request = world.lastRequest;
  const branch =
    /branch=([^;\s]+)/.exec((request === null ? null : header(request, 'via')) ?? '')?.[1] ?? 'z9hG4bKnone';
  return text
    .replaceAll('{{tag}}', world.tag)
    .replaceAll('{{branch}}', branch)
    .replaceAll('{{call-id}}', (request === null ? null : header(request, 'call-id')) ?? 'none');
}

const twisted = (text: string, twist: number): string =>
  twist === 0 ? text : mutateSip(text, invite, createRandom(twist));

function responseOf(world: SipWorld, status: number): string | null {
  const request = world.lastRequest;
  if (request === null) return null;
  const lines = headerValues(request, 'via').map((value) => `Via: ${value}`);
  for (const name of ['from', 'to', 'call-id', 'cseq']) lines.push(`${name}: ${header(request, name) ?? ''}`);
  return `SIP/2.0 ${status} x\r\n${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`;
}

/** Whatever was left open is ended; then all of it must go by itself. */
function cleanUp(world: SipWorld, end: () => void): void {
  world.throws = false;
  end();
  // An answer that waits for its ACK holds the hang-up back for 32 s; a BYE is repeated for as long again.
  world.pass(300_000);
  if (world.problem !== null) throw world.problem;
  const { dialogs: left, transactions } = world.agent.counts;
  ensure(left === 0, 'dialogs-left', () => `${left} dialogs`);
  ensure(transactions === 0, 'transactions-left', () => `${transactions} transactions`);
  ensure(world.timers.pending === 0, 'timers-left', () => `${world.timers.pending} timers`);
  ensure(
    world.lives.every(({ ended }) => ended),
    'never-ended',
    'a call whose listener was never told of its end',
  );
}

const common: Omit<Target<Step[]>, 'name' | 'run'> = {
  extension: 'json',
  seeds: () => [
    ...dialogs,
    ...tortures().map((text): Step[] => [send(text), floor('ring'), pass(1_000), floor('answer')]),
  ],
  mutate,
  encode: (steps) => Buffer.from(`${JSON.stringify(steps)}\n`, 'utf8'),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString('utf8')) as Step[],
  *smaller(steps) {
    yield* smallerList(steps);
    for (const [at, step] of steps.entries()) {
      if (step.do !== 'send') continue;
      for (const text of smallerText(step.text)) yield steps.with(at, { ...step, text });
    }
  },
};

/** Each input meets a new agent, so it fails alike each time it is tried. */
export const sipDialog: Target<Step[]> = {
  ...common,
  name: 'sip-dialog',
  run(steps, report) {
    const world = new SipWorld();
    world.begin(report);
    play(world, steps);
    cleanUp(world, () => world.agent.hangUpAll('over'));
  },
};

/** One agent for the whole run: what it would keep of every input shows in the heap. */
export function sipLongLife(): Target<Step[]> {
  let world = new SipWorld();
  return {
    ...common,
    name: 'sip-long-life',
    run(steps: Step[], report: Report) {
      world.begin(report);
      try {
        play(world, steps);
        cleanUp(world, () => {
          for (const { call } of world.lives) call.hangUp('over');
        });
      } catch (error) {
        world = new SipWorld();
        throw error;
      }
    },
  };
}
