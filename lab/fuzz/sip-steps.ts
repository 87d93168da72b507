/** What can happen to the user agent, and the courses of calls from which the fuzzer sets out. */
import { offerText, requestText } from '../../telephony/src/sip/testing/world.js';

export type Floor = 'ring' | 'answer' | 'refuse' | 'hang-up' | 'snapshot' | 'reoffer';

export type Step =
  /** A message comes in. {{tag}}, {{our}}, {{branch}} and {{call-id}} become what the agent last used. */
  | { do: 'send'; from: number; over: 'udp' | 'tcp'; text: string; chunk: number }
  /** The agent's last request is answered. `twist`: seed of what is bent in the answer; 0 for nothing. */
  | ({ do: 'respond'; from: number; status: number; twist: number } & Said)
  /** We call. */
  | { do: 'place'; ringMsMax: number }
  /** Something the agent sent comes back to it. */
  | { do: 'echo'; from: number; back: number; twist: number }
  | { do: 'floor'; call: number; what: Floor; status: number }
  | { do: 'pass'; ms: number }
  | { do: 'wire'; broken: boolean }
  | { do: 'lose'; connection: number }
  | { do: 'listener'; throws: boolean; reanswers: boolean };

/** What more an answer says. `of`: the method of the request that it answers, if not the latest one. */
export interface Said {
  tag?: string;
  sdp?: boolean;
  of?: 'INVITE';
  headers?: string[];
  /** Host of Contact, where it is not an address. */
  contact?: string;
}

export const send = (text: string, from = 0, over: 'udp' | 'tcp' = 'udp', chunk = 0): Step => ({
  do: 'send',
  from,
  over,
  text,
  chunk,
});
export const floor = (what: Floor, status = 486): Step => ({ do: 'floor', call: 0, what, status });
export const pass = (ms: number): Step => ({ do: 'pass', ms });
const ok: Step = { do: 'respond', from: 0, status: 200, twist: 0 };
const say = (status: number, said: Said = {}): Step => ({
  do: 'respond',
  from: 0,
  status,
  twist: 0,
  of: 'INVITE',
  ...said,
});
const place: Step = { do: 'place', ringMsMax: 60_000 };
const picksUp = (tag = 'far'): Step => say(200, { tag, sdp: true });
export const challenge = 'Proxy-Authenticate: Digest realm="c", nonce="n", qop="auth"';
export const reliable = (rseq: number): string[] => ['Require: 100rel', `RSeq: ${rseq}`];
/** The far end's request within a call that we placed. */
const theirs = (method: string, cseq: number, more: Parameters<typeof requestText>[0] = {}): string =>
  requestText({ method, cseq, fromTag: 'far', toTag: '{{our}}', callId: '{{call-id}}', ...more });
const timer = ['Supported: timer, 100rel', 'Session-Expires: 90;refresher=uas', 'Allow: UPDATE'];

/** A second call that is to take the place of another, as the headers say. */
const replacing = (...extra: string[]) =>
  requestText({ callId: 'call-2', fromTag: 'other', branch: 'z9hG4bKreplacing', body: offerText, extra });

export const invite = requestText({ body: offerText });
const bare = requestText({});
const within = (method: string, cseq: number, more: Parameters<typeof requestText>[0] = {}): string =>
  requestText({ method, cseq, toTag: '{{tag}}', ...more });
const ack = within('ACK', 1, { branch: 'z9hG4bKack' });
const cancel = requestText({ method: 'CANCEL', branch: 'z9hG4bKINVITE1' });
const digits = { body: 'Signal=5\r\nDuration=160\r\n', type: 'application/dtmf-relay' };

/** As short as a request can be, in names too: what comes back must not be longer when nobody knows who asked. */
const terse = (method: string): string =>
  `${method} sip:a SIP/2.0\r\nv:SIP/2.0/UDP h;rport\r\nf:<sip:a>\r\nt:<sip:a>\r\ni:a\r\nCSeq:1 ${method}\r\n\r\n`;

export const dialogs: Step[][] = [
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
  // calls of ours
  [place, say(100), say(180, { tag: 'far' }), picksUp(), picksUp(), pass(1_000), send(theirs('BYE', 1))],
  [place, say(183, { tag: 'a', sdp: true }), say(180, { tag: 'b' }), picksUp('b'), picksUp('a'), floor('hang-up'), ok],
  [place, say(180, { tag: 'far' }), floor('hang-up'), pass(100), picksUp(), pass(100), ok],
  [place, floor('hang-up'), say(180, { tag: 'far' }), say(487, { tag: 'far' })],
  [place, say(407, { headers: [challenge] }), say(407, { headers: [challenge] })],
  [place, say(422, { headers: ['Min-SE: 1800'] }), say(503), say(180, { tag: 'far' }), pass(61_000)],
  [place, pass(33_000), say(302, { headers: ['Contact: <sip:elsewhere@203.0.113.66>'] })],
  [
    place,
    say(180, { tag: 'far', headers: reliable(7) }),
    say(183, { tag: 'far', sdp: true, headers: reliable(8) }),
    ok,
    send(theirs('UPDATE', 1, { body: offerText })),
    picksUp(),
    floor('reoffer'),
    say(491),
    pass(4_100),
    picksUp(),
    send(theirs('INVITE', 2, { body: offerText })),
    send(theirs('ACK', 2)),
    floor('hang-up'),
  ],
  [
    place,
    say(200, { tag: 'far', sdp: true, headers: ['Session-Expires: 90;refresher=uac', 'Allow: UPDATE'] }),
    pass(45_000),
    ok,
    pass(45_000),
    { do: 'respond', from: 0, status: 481, twist: 0 },
  ],
  // hosts that are named
  ...[
    'now.example',
    'two.example',
    'mute.example',
    'aiko.example',
    'red.example:70',
    'sbc7.carrier.example;transport=tcp',
  ].flatMap((host): Step[][] => [
    [place, say(200, { tag: 'far', sdp: true, contact: host }), floor('reoffer'), pass(5_000), ok, floor('hang-up')],
    [
      send(requestText({ body: offerText, contact: `<sip:a@${host}>`, extra: [`Record-Route: <sip:${host};lr>`] })),
      floor('answer'),
      floor('hang-up'),
      send(ack),
      pass(9_000),
      ok,
    ],
  ]),
  [
    place,
    say(180, { tag: 'far', contact: 'one.example', headers: reliable(3) }),
    pass(600),
    say(200, { tag: 'far', sdp: true, contact: 'two.example' }),
    say(200, { tag: 'far', sdp: true, contact: 'two.example' }),
    send(theirs('UPDATE', 1, { contact: '<sip:far@three.example>' })),
    floor('hang-up'),
    pass(4_100),
    say(407, { headers: [challenge] }),
  ],
  // calls that are moved, and how that is told
  [
    place,
    picksUp(),
    send(
      theirs('REFER', 1, {
        extra: ['Refer-To: <sip:carol@carrier.example>', 'Referred-By: <sip:far@carrier.example>'],
      }),
    ),
    ok,
    pass(500),
    send(theirs('BYE', 2)),
    { do: 'floor', call: 0, what: 'hang-up', status: 0 },
  ],
  [
    place,
    picksUp(),
    send(replacing('Replaces: {{call-id}};to-tag={{our}};from-tag=far')),
    send(requestText({ method: 'ACK', callId: 'call-2', fromTag: 'other', toTag: '{{tag}}', branch: 'z9hG4bKack2' })),
    ok,
  ],
  [
    send(invite),
    floor('ring'),
    send(replacing('Replaces: call-1;to-tag={{tag}};from-tag=caller;early-only')),
    send(cancel),
  ],
  // calls that are moved
  [
    send(invite),
    floor('answer'),
    send(ack),
    send(
      within('REFER', 2, { extra: ['Refer-To: <sip:bob@carrier.example?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>'] }),
    ),
    ok,
    say(180, { tag: 'far' }),
    picksUp(),
    send(within('BYE', 3)),
  ],
  [
    send(invite),
    floor('answer'),
    send(ack),
    send(replacing('Require: replaces', 'Replaces: call-1;to-tag={{tag}};from-tag=caller')),
    send(requestText({ method: 'ACK', callId: 'call-2', fromTag: 'other', toTag: '{{tag}}', branch: 'z9hG4bKack2' })),
    send(within('BYE', 3)),
  ],
  // reliable answers, timers and re-INVITEs in calls of theirs
  [
    send(requestText({ body: offerText, extra: ['Require: 100rel'] })),
    floor('ring'),
    send(within('PRACK', 2, { extra: ['RAck: 1 1 INVITE'] })),
    pass(800),
    floor('answer'),
    send(ack),
    send(within('BYE', 3)),
  ],
  [send(requestText({ body: offerText, extra: ['Require: 100rel'] })), floor('ring'), pass(33_000)],
  [send(requestText({ body: offerText, extra: timer })), floor('answer'), send(ack), pass(46_000), ok, pass(100_000)],
  [
    send(requestText({ body: offerText, extra: [timer[0] ?? '', 'Session-Expires: 100;refresher=uac'] })),
    floor('answer'),
    send(ack),
    send(within('UPDATE', 2, { extra: ['Supported: timer', 'Session-Expires: 20'] })),
    send(within('UPDATE', 3, { extra: ['Supported: timer', 'Session-Expires: 90;refresher=uac'] })),
    pass(61_000),
  ],
  [
    send(invite),
    floor('answer'),
    send(ack),
    floor('reoffer'),
    send(within('INVITE', 2, { body: offerText })),
    say(491),
    pass(2_000),
    picksUp('caller'),
  ],
];

export const texts = [
  invite,
  bare,
  ack,
  cancel,
  ...['BYE', 'UPDATE', 'INVITE', 'OPTIONS'].map((method, at) => theirs(method, at + 1)),
  requestText({ body: offerText, extra: timer }),
  ...['BYE', 'INFO', 'UPDATE', 'INVITE', 'OPTIONS', 'PRACK', 'REFER'].map((method, at) => within(method, at + 2)),
  within('INVITE', 3, { body: offerText }),
  within('INFO', 4, digits),
  within('ACK', 3, { body: offerText }),
  requestText({ method: 'INVITE', callId: 'call-2', branch: 'z9hG4bKsecond', body: offerText }),
];
