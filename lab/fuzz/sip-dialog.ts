/**
 * The whole user agent under sequences: what strangers send, what their answers do, what the floor above decides, and time.
 * Afterwards nothing may be left: no call, no transaction, no timer.
 */
import { header, headerValues } from '../../telephony/src/sip/message.js';
import { offerText } from '../../telephony/src/sip/testing/world.js';
import { mutateList, smallerList, smallerText } from './mutate.js';
import { mutateSip } from './mutate-sip.js';
import { createRandom, type Random } from './random.js';
import { tortures } from './sip-message.js';
import {
  challenge,
  dialogs,
  floor,
  invite,
  pass,
  reliable,
  send,
  texts,
  type Floor,
  type Said,
  type Step,
} from './sip-steps.js';
import { sources } from './sip-places.js';
import { SipWorld } from './sip-world.js';
import { ensure, type Report, type Target } from './target.js';

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
        ...(random.once(2) ? { of: 'INVITE' as const } : {}),
        sdp: random.once(2),
        tag: random.pick(['far', 'a', 'b']),
        ...(random.once(3) ? { contact: `${'now mute qa ra sa ta dns'.split(' ')[random.below(7)]}.example` } : {}),
        headers: random.pick([[], reliable(1 + random.below(4)), [challenge], ['Session-Expires: 90;refresher=uac']]),
      };
    case 2:
      return { do: 'echo', from, back: random.below(6), twist: random.once(2) ? 0 : random.below(2 ** 31) };
    case 3:
      return random.pick<Step>([
        { do: 'wire', broken: true },
        { do: 'wire', broken: false },
        { do: 'place', ringMsMax: 1_000 * random.below(100) },
        { do: 'place', ringMsMax: 60_000 },
        { do: 'lose', connection: 1 + random.below(4) },
        { do: 'listener', throws: random.once(2), reanswers: random.once(2) },
      ]);
    case 4:
    case 5:
      return {
        do: 'floor',
        call: random.below(3),
        what: random.pick<Floor>(['ring', 'answer', 'refuse', 'hang-up', 'snapshot', 'reoffer']),
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
        const text = responseOf(world, step.status, step);
        if (text !== null) world.receive(twisted(text, step.twist), step.from, 'udp', 0);
        break;
      }
      case 'place':
        world.place({ ringMsMax: step.ringMsMax });
        break;
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
  if (step.what === 'hang-up') call.hangUp('bye\r\nX-Injected: 1');
  else if (step.what === 'reoffer') call.reoffer(world.description(call));
  else if (step.what === 'snapshot') JSON.stringify(call.snapshot());
  else if (!('ring' in call)) return;
  else if (step.what === 'ring') call.ring();
  else if (step.what === 'answer') call.answer(world.description(call));
  else call.refuse(step.status, 'no\r\nX-Injected: 1', 2.5);
}

function filledIn(text: string, world: SipWorld): string {
  if (!text.includes('{{')) return text;
  const request = world.lastRequest;
  const branch =
    /branch=([^;\s]+)/.exec((request === null ? null : header(request, 'via')) ?? '')?.[1] ?? 'z9hG4bKnone';
  return text
    .replaceAll('{{tag}}', world.tag)
    .replaceAll('{{our}}', world.our)
    .replaceAll('{{branch}}', branch)
    .replaceAll('{{call-id}}', (request === null ? null : header(request, 'call-id')) ?? 'none');
}

const twisted = (text: string, twist: number): string =>
  twist === 0 ? text : mutateSip(text, invite, createRandom(twist));

function responseOf(world: SipWorld, status: number, { tag, sdp, of, headers = [], contact }: Said): string | null {
  const request = of === 'INVITE' ? world.lastInvite : world.lastRequest;
  if (request === null) return null;
  const lines = headerValues(request, 'via').map((value) => `Via: ${value}`);
  for (const name of ['from', 'to', 'call-id', 'cseq']) {
    const value = header(request, name) ?? '';
    lines.push(
      `${name}: ${value}${name === 'to' && tag !== undefined && !value.includes('tag=') ? `;tag=${tag}` : ''}`,
    );
  }
  if (tag !== undefined) lines.push(`Contact: <sip:far@${contact ?? '192.0.2.10:5060'}>`);
  lines.push(...headers);
  const body = sdp === true ? offerText : '';
  if (body !== '') lines.push('Content-Type: application/sdp');
  return `SIP/2.0 ${status} x\r\n${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
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
