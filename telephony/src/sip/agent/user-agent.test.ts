import { describe, expect, test } from 'vitest';
import { header, headerValues } from '../message.js';
import { makeWorld, offerText, requestText, tcpPeer, udpPeer } from '../testing/world.js';
import type { DialogSnapshot } from '../contract.js';

const invite = (wish: Parameters<typeof requestText>[0] = {}) => requestText({ body: offerText, ...wish });

describe('what a request must be (§8.2)', () => {
  test.each([
    ['OPTIONS', {}, 200],
    ['REGISTER', {}, 405],
    ['MESSAGE', {}, 405],
    ['REFER', { extra: ['Refer-To: <sip:bob@carrier.example>'] }, 403],
    ['NEWMETHOD', {}, 501],
    ['BYE', {}, 481],
    ['INFO', {}, 481],
    ['INVITE', { toTag: 'unknown' }, 481],
    ['OPTIONS', { toTag: 'unknown' }, 481],
    ['INVITE', { extra: ['Require: 100rel, precondition'] }, 420],
    ['INVITE', { body: offerText, extra: ['Supported: timer', 'Session-Expires: 60'] }, 422],
    ['INVITE', { uri: 'http://example.com' }, 416],
    ['INVITE', { body: '<x/>', type: 'application/xml' }, 415],
    ['INVITE', { body: offerText, extra: ['Content-Encoding: gzip'] }, 415],
    ['INVITE', { body: offerText, extra: ['Accept: text/html'] }, 406],
    ['INVITE', { body: 'v=0\r\nm=audio x RTP/AVP 0\r\n' }, 488],
  ])('%s with %j is answered %i and makes no call', (method, wish, status) => {
    const world = makeWorld();
    world.receive(requestText({ method, ...wish }));
    expect(world.news()).toEqual([`${status} ${method}`]);
    expect(world.calls).toEqual([]);
    expect(world.agent.counts.dialogs).toBe(0);
  });

  test('OPTIONS says what we can', () => {
    const world = makeWorld();
    world.receive(requestText({ method: 'OPTIONS' }));
    const response = world.lastResponse();
    expect(header(response, 'allow')).toBe('INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER');
    expect(header(response, 'supported')).toBe('100rel, timer, replaces');
    expect(header(response, 'accept')).toBe('application/sdp');
    expect(header(response, 'to')).toMatch(/;tag=[0-9a-f]{24}$/);
  });

  test('405 says what is allowed, 420 what is not supported', () => {
    const world = makeWorld();
    world.receive(requestText({ method: 'MESSAGE' }));
    expect(header(world.lastResponse(), 'allow')).toContain('INVITE');
    world.receive(invite({ extra: ['Require: Foo, 100rel, bar'] }));
    expect(header(world.lastResponse(), 'unsupported')).toBe('Foo, bar');
  });

  test('a copy of an INVITE that came another way: 482', () => {
    const world = makeWorld();
    world.receive(invite({ branch: 'z9hG4bKone' }));
    world.receive(invite({ branch: 'z9hG4bKtwo' }));
    expect(world.news()).toEqual(['100 INVITE', '482 INVITE']);
    expect(world.calls).toHaveLength(1);
  });

  test('two callers that mint the same branch are two (§17.2.3)', () => {
    const world = makeWorld();
    world.receive(invite({ branch: 'z9hG4bK1', callId: 'a' }));
    world.receive(invite({ branch: 'z9hG4bK1', callId: 'b' }).replace('192.0.2.10:5060', '192.0.2.10:5062'));
    expect(world.calls).toHaveLength(2);
  });

  test('an offer inside multipart/mixed is found', () => {
    const world = makeWorld();
    const body = `--x\r\nContent-Type: text/plain\r\n\r\nhi\r\n--x\r\nContent-Type: application/sdp\r\n\r\n${offerText}\r\n--x--\r\n`;
    world.receive(requestText({ body, type: 'multipart/mixed;boundary="x"' }));
    expect(world.calls[0]?.offer).toMatchObject({ port: 40_000, codecs: ['PCMU', 'PCMA'] });
  });

  test('a malformed request is answered 400 with what is wrong, an ACK or a response never', () => {
    const world = makeWorld();
    world.receive(invite().replace('Max-Forwards: 70', 'Max-Forwards: many'));
    expect(header(world.lastResponse(), 'warning')).toBe('399 denwaban "bad-header max-forwards"');
    world.receive(requestText({ method: 'ACK' }).replace('Max-Forwards: 70', 'Max-Forwards: many'));
    world.receive('SIP/2.0 200 OK\r\nVia: nonsense\r\n\r\n');
    expect(world.news()).toEqual(['400 INVITE']);
  });
});

describe('who calls', () => {
  const callerOf = (extra: string[], from?: string) => {
    const world = makeWorld();
    world.receive(invite({ extra }).replace(/From: [^\r]*/, (line) => from ?? line));
    const [call] = world.calls;
    return [call?.from, call?.fromName];
  };

  test('the asserted identity comes before From', () => {
    expect(callerOf(['P-Asserted-Identity: "佐藤" <sip:+81311112222@carrier.example>'])).toEqual([
      '+81311112222',
      '佐藤',
    ]);
    expect(callerOf(['P-Asserted-Identity: <tel:+81-3-1111-2222>, <sip:x@y>'])).toEqual(['+81311112222', 'Aiko']);
    expect(callerOf([])).toEqual(['+81901112222', 'Aiko']);
  });

  test('a withheld number is nobody’s, even when the trunk asserts one', () => {
    expect(callerOf(['P-Asserted-Identity: <tel:+81311112222>', 'Privacy: id'])).toEqual([null, null]);
    expect(callerOf([], 'From: "Anonymous" <sip:anonymous@anonymous.invalid>;tag=caller')).toEqual([null, null]);
    expect(callerOf([], 'From: <sip:carrier.example>;tag=caller')).toEqual([null, null]);
  });

  test('what was dialled is decoded, its parameters left out', () => {
    const world = makeWorld();
    world.receive(invite({ uri: 'sip:%2B81312345678;phone-context=x@198.51.100.1;user=phone' }));
    world.receive(invite({ uri: 'tel:+81-3-1234-5678', callId: 'call-2', branch: 'z9hG4bK2' }));
    expect(world.calls.map(({ to }) => to)).toEqual(['+81312345678', '+81312345678']);
  });
});

describe('the way back (RFC 3261 §18.2, RFC 3581)', () => {
  const placeOf = (via: string, arrival = udpPeer) => {
    const world = makeWorld();
    world.receive(requestText({ method: 'OPTIONS' }).replace(/Via: [^\r]*/, `Via: ${via}`), arrival);
    const { address, port } = world.sent[0]?.hop ?? { address: '', port: 0 };
    return [`${address}:${port}`, headerValues(world.lastResponse(), 'via')[0]];
  };

  test('without rport: to the source address and the port of the Via', () => {
    expect(placeOf('SIP/2.0/UDP 192.0.2.10:5070;branch=z9hG4bKa')).toEqual([
      '192.0.2.10:5070',
      'SIP/2.0/UDP 192.0.2.10:5070;branch=z9hG4bKa',
    ]);
    expect(placeOf('SIP/2.0/UDP 10.0.0.7;branch=z9hG4bKa')).toEqual([
      '192.0.2.10:5060',
      'SIP/2.0/UDP 10.0.0.7;branch=z9hG4bKa;received=192.0.2.10',
    ]);
  });

  test('with rport: to the very port it came from', () => {
    expect(placeOf('SIP/2.0/UDP 10.0.0.7:5070;rport;branch=z9hG4bKa', { ...udpPeer, port: 61_234 })).toEqual([
      '192.0.2.10:61234',
      'SIP/2.0/UDP 10.0.0.7:5070;branch=z9hG4bKa;received=192.0.2.10;rport=61234',
    ]);
  });

  test('what the sender wrote of received, rport or maddr aims nothing', () => {
    const [place] = placeOf('SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKa;received=203.0.113.1;rport=99;maddr=203.0.113.2');
    expect(place).toBe('192.0.2.10:5060');
  });
});

describe('strangers', () => {
  const stranger = { ...udpPeer, address: '203.0.113.66' };
  const trunkOf = ({ address }: { address: string }) => (address === udpPeer.address ? 'tk' : null);
  const strangers = (limits = {}) =>
    makeWorld({
      handlers: { trunkOf, onCall: () => expect.unreachable('a stranger made a call') },
      limits,
    });

  test('get the same small 403, whatever they ask, and no dialog; their ACK and their answers get nothing', () => {
    const world = strangers({ refusalsPerSource: 100, refusals: 1_000 });
    for (const method of ['INVITE', 'OPTIONS', 'REGISTER', 'BYE', 'NEWMETHOD', 'CANCEL']) {
      world.receive(requestText({ method }), stranger);
    }
    world.receive(requestText({ method: 'ACK' }), stranger);
    expect(world.sent.map(({ message }) => message.kind === 'response' && message.status)).toEqual(Array(6).fill(403));
    expect(world.agent.counts).toEqual({ dialogs: 0, transactions: 0 });
    for (const { bytes, message } of world.sent) {
      expect(header(message, 'allow')).toBeNull();
      expect(header(message, 'server')).toBeNull();
      expect(bytes.length).toBeLessThan(450);
    }
  });

  test('the 403 is no larger than what asked for it', () => {
    const world = strangers();
    const scan = requestText({ method: 'OPTIONS' });
    world.receive(scan, stranger);
    // Added are `received` and a tag; left out are Max-Forwards and Contact.
    expect(world.sent[0]?.bytes.length).toBeLessThanOrEqual(Buffer.byteLength(scan));
  });

  test('so terse a request that its 403 would be larger gets none over UDP, where its source may be forged', () => {
    const world = strangers();
    const lines = ['OPTIONS sip:a SIP/2.0', 'v:SIP/2.0/UDP h', 'f:<sip:a>', 't:<sip:a>', 'i:a', 'CSeq:1 OPTIONS'];
    world.receive(`${lines.join('\r\n')}\r\n\r\n`, stranger);
    expect(world.sent).toEqual([]);
    world.receive(`${lines.join('\r\n')}\r\n\r\n`, { ...stranger, transport: 'tcp', connection: 1 });
    expect(world.news()).toEqual(['403 OPTIONS']);
  });

  test('beyond their rate they get silence, each on its own and all together', () => {
    const world = strangers({ refusalsPerSource: 1, refusals: 4 });
    for (let count = 0; count < 50; count++) world.receive(requestText({ method: 'OPTIONS' }), stranger);
    expect(world.news()).toHaveLength(5);
    for (let last = 0; last < 50; last++) world.receive(requestText(), { ...stranger, address: `203.0.113.${last}` });
    expect(world.news()).toHaveLength(3);
    world.timers.advance(1_000);
    world.receive(requestText({ method: 'OPTIONS' }), stranger);
    expect(world.news()).toHaveLength(1);
  });

  test('are logged once an hour each', () => {
    const world = strangers();
    const warnings = () => world.logged.filter(({ level }) => level === 'warn').length;
    for (let count = 0; count < 20; count++) world.receive(requestText(), stranger);
    expect(warnings()).toBe(1);
    world.receive(requestText(), { ...stranger, address: '203.0.113.67' });
    expect(warnings()).toBe(2);
    world.timers.advance(3_599_000);
    world.receive(requestText(), stranger);
    expect(warnings()).toBe(2);
    world.timers.advance(3_600_000);
    world.receive(requestText(), stranger);
    expect(warnings()).toBe(3);
  });

  test('do not slow a trunk down', () => {
    const world = makeWorld({ limits: { refusals: 1, refusalsPerSource: 1 } });
    for (let count = 0; count < 100; count++) world.receive(requestText({ method: 'OPTIONS', cseq: count + 1 }));
    expect(world.news()).toHaveLength(100);
  });
});

describe('overload', () => {
  test('calls beyond the rate of their source: 503 with Retry-After, without a transaction', () => {
    const world = makeWorld({ limits: { invitesPerSecond: 2 } });
    for (let call = 0; call < 6; call++) world.receive(invite({ callId: `c${call}`, branch: `z9hG4bK${call}` }));
    expect(world.news()).toEqual([...Array(4).fill('100 INVITE'), ...Array(2).fill('503 INVITE')]);
    expect(Number(header(world.lastResponse(), 'retry-after'))).toBeGreaterThanOrEqual(2);
    expect(world.agent.counts).toEqual({ dialogs: 4, transactions: 4 });
    // Copies of what was let in are not counted against it.
    world.receive(invite({ callId: 'c0', branch: 'z9hG4bK0' }));
    expect(world.news()).toEqual(['100 INVITE']);
  });

  test('calls beyond the number of dialogs: 503; what is open goes on', () => {
    const world = makeWorld({ limits: { dialogs: 1 } });
    world.receive(invite({ callId: 'a', branch: 'z9hG4bKa' }));
    world.receive(invite({ callId: 'b', branch: 'z9hG4bKb' }));
    expect(world.news()).toEqual(['100 INVITE', '503 INVITE']);
    world.calls[0]?.answer('v=0\r\n');
    expect(world.news()).toEqual(['200 INVITE']);
  });
});

describe('going away', () => {
  test('open calls are ended in whatever state they are, new ones refused', () => {
    const world = makeWorld();
    for (const name of ['ringing', 'answered', 'confirmed']) {
      world.receive(invite({ callId: name, branch: `z9hG4bK${name}`, fromTag: name }));
      if (name !== 'ringing') world.calls.at(-1)?.answer('v=0\r\n');
    }
    const tag = /tag=(\w+)/.exec(header(world.lastResponse(), 'to') ?? '')?.[1] ?? '';
    world.receive(
      requestText({ method: 'ACK', callId: 'confirmed', fromTag: 'confirmed', toTag: tag, branch: 'z9hG4bKk' }),
    );
    world.news();
    world.agent.hangUpAll('shutting down');
    expect(world.news()).toEqual(['480 INVITE', 'BYE', 'BYE']);
    world.receive(invite({ callId: 'late', branch: 'z9hG4bKlate' }));
    expect(world.news()).toEqual(['503 INVITE']);
    let settled = false;
    world.agent.whenSettled(() => (settled = true));
    expect(settled).toBe(false);
    for (const { message } of world.sent.filter((sent) => sent.message.kind === 'request')) {
      const lines = ['via', 'from', 'to', 'call-id', 'cseq'].map((name) => `${name}: ${header(message, name)}`);
      world.receive(`SIP/2.0 200 OK\r\n${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`);
    }
    expect(settled).toBe(false);
    const refused = world.sent.find(({ message }) => message.kind === 'response' && message.status === 480)?.message;
    const to = /tag=(\w+)/.exec(header(refused ?? world.lastResponse(), 'to') ?? '')?.[1] ?? '';
    world.receive(
      requestText({ method: 'ACK', callId: 'ringing', fromTag: 'ringing', toTag: to, branch: 'z9hG4bKringing' }),
    );
    expect(settled).toBe(true);
    world.agent.close();
    expect(world.timers.pending).toBe(0);
  });
});

describe('the dialog of a process that died', () => {
  const orphan: DialogSnapshot = {
    callId: 'orphan',
    localUri: 'sip:0312345678@198.51.100.1',
    localTag: 'ours',
    remoteUri: 'sip:+81901112222@carrier.example',
    remoteTag: 'theirs',
    remoteTarget: 'sip:aiko@192.0.2.10:5060',
    routeSet: ['sip:192.0.2.20:5062;lr'],
    localCseq: 41,
    remoteCseq: 3,
    source: { transport: 'udp', address: '192.0.2.10', port: 5060 },
  };

  test('is ended by a BYE along its route set, numbered on', async () => {
    const world = makeWorld();
    const ended = world.agent.endOrphan(orphan, 'restarted');
    const bye = world.lastRequest();
    expect(bye.uri).toBe('sip:aiko@192.0.2.10:5060');
    expect(header(bye, 'route')).toBe('<sip:192.0.2.20:5062;lr>');
    expect(header(bye, 'cseq')).toBe('42 BYE');
    expect(world.sent[0]?.hop).toMatchObject({ address: '192.0.2.20', port: 5062 });
    world.timers.advance(32_000);
    await ended;
  });

  test('a snapshot is JSON-safe and ends the call from elsewhere', async () => {
    const world = makeWorld();
    world.receive(invite());
    world.calls[0]?.answer('v=0\r\n');
    const snapshot = JSON.parse(JSON.stringify(world.calls[0]?.snapshot())) as DialogSnapshot;
    expect(snapshot).toEqual(world.calls[0]?.snapshot());
    const other = makeWorld();
    void other.agent.endOrphan(snapshot, 'restarted');
    expect(header(other.lastRequest(), 'to')).toContain('tag=caller');
    expect(header(other.lastRequest(), 'call-id')).toBe('call-1');
    other.agent.close();
  });

  test('over TCP a new connection is made, to the address it names', () => {
    const world = makeWorld();
    void world.agent.endOrphan({ ...orphan, routeSet: [], source: { ...tcpPeer } }, 'restarted');
    expect(world.sent[0]?.hop).toEqual({ transport: 'tcp', address: '192.0.2.10', port: 5060, connection: null });
    world.agent.close();
  });
});
