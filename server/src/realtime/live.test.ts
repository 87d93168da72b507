/** The live connection over real sockets: who gets in, what they hear, what they may say, and when they are let go. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { anna, sato, offline } from '../http/testing/fakes.js';
import { openHouse, type Client, type House } from '../http/testing/house.js';
import { Refusal } from '../services.js';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const hello = { type: 'hello', v: 1, build: 'b1', page: 'desk' };
const live = async (headers: Record<string, string> = {}): Promise<Client> =>
  house.socket('/api/v1/live', { cookie: await house.cookieOf(anna), ...headers });
const refusal = async (client: Client) => {
  const { code, re } = await client.next('error');
  return [code, re];
};
/** The status with which an upgrade is refused. */
const upgradeStatus = (client: Client): Promise<number> =>
  new Promise((resolve) => {
    client.socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
  });

describe('getting in', () => {
  test('without a session: told so, and closed with 4401', async () => {
    for (const headers of [{}, { cookie: 'denwaban_session=made-up' }]) {
      const client = house.socket('/api/v1/live', headers);
      await client.next('signed-out');
      expect((await client.closed()).code).toBe(4401);
    }
  });

  test('from a page of another site: no upgrade at all', async () => {
    expect(await upgradeStatus(await live({ origin: 'http://evil.example' }))).toBe(403);
    expect(await upgradeStatus(await live({ origin: 'null' }))).toBe(403);
    const own = await live({ origin: house.url });
    own.say(hello);
    await own.next('welcome');
  });

  test('at another path: 404; while the database is away: 503', async () => {
    expect(await upgradeStatus(house.socket('/api/v1/lives'))).toBe(404);
    house.store.sessionsFail = Object.assign(new Error('gone'), { code: '57P01' });
    expect(await upgradeStatus(await live())).toBe(503);
  });

  test('at most twenty connections of one person', async () => {
    const cookie = await house.cookieOf(anna);
    for (let i = 0; i < 20; i++) await house.enter(cookie);
    const one = house.socket('/api/v1/live', { cookie });
    expect((await one.next('error'))['code']).toBe('too-many-tries');
    expect((await one.closed()).code).toBe(4429);
    await house.enter(sato);
  });
});

describe('hello', () => {
  test('is answered with who one is, then with the state of the desk', async () => {
    const client = await live();
    client.say(hello);
    expect(await client.next('welcome')).toMatchObject({ v: 1, build: 'b1', me: { id: anna.id, name: 'anna' } });
    expect(await client.next('desk')).toMatchObject({ seq: 1, state: { presence: offline, line: 'none', call: null } });
    expect(house.floor.desks.get(anna.id)?.size).toBe(1);
  });

  test('[PRS4] that names a line keeps it; of a line that is gone it is told', async () => {
    const client = await live();
    client.say({ ...hello, line: 'ln_1' });
    await client.next('desk');
    expect(client.heard.filter(({ type }) => type === 'line.lost')).toEqual([]);
    const stale = await live();
    stale.say({ ...hello, line: 'ln_0' });
    expect(await stale.next('line.lost')).toEqual({ type: 'line.lost', because: 'closed' });
    await stale.next('desk');
  });

  test('with another build: outdated, and everything works on', async () => {
    const client = await live();
    client.say({ ...hello, build: 'b0' });
    expect(await client.next('outdated')).toEqual({ type: 'outdated', build: 'b1' });
    await client.next('desk');
    await client.settled();
  });

  test.each([0, 2])('with protocol version %i: outdated, and closed with 4426', async (v) => {
    const client = await live();
    client.say({ ...hello, v });
    await client.next('outdated');
    expect((await client.closed()).code).toBe(4426);
    expect(house.floor.desks.size).toBe(0);
  });

  test('comes first, or the connection is closed', async () => {
    const client = await live();
    client.say({ type: 'ping', n: 1 });
    expect(await refusal(client)).toEqual(['bad-request', 'ping']);
    expect((await client.closed()).code).toBe(4400);
  });

  test('comes once', async () => {
    const client = await house.enter(anna);
    client.say(hello);
    expect(await refusal(client)).toEqual(['bad-request', 'hello']);
  });

  test.each([new Refusal('not-found', 'no such agent'), new Error('the floor broke')])(
    'that the floor cannot answer (%s) is refused, and the house stands',
    async (error) => {
      house.floor.refuseWith = error;
      const client = await live();
      client.say(hello);
      expect((await refusal(client))[1]).toBe('hello');
      expect((await client.closed()).code).toBe(1011);
      await house.enter(anna);
    },
  );

  test('comes within five seconds', async () => {
    const client = await live();
    await expect.poll(() => client.socket.readyState).toBe(WebSocket.OPEN);
    house.pass(4_000);
    expect(client.socket.readyState).toBe(WebSocket.OPEN);
    house.pass(2_000);
    expect((await client.closed()).code).toBe(4408);
  });
});

describe('a desk', () => {
  test('hears every state, in order, numbered', async () => {
    const client = await house.enter(anna);
    house.floor.show(anna.id, { line: 'opening' });
    house.floor.show(anna.id, { line: 'proven' });
    house.floor.show(sato.id, { line: 'opening' });
    expect(await client.next('desk')).toMatchObject({ seq: 2, state: { line: 'opening' } });
    expect(await client.next('desk')).toMatchObject({ seq: 3, state: { line: 'proven' } });
    await client.settled();
    expect(client.heard).toEqual([]);
  });

  test('opens its line; the nonce comes back with the answer', async () => {
    const client = await house.enter(anna);
    client.say({ type: 'line.open', nonce: 'n1', offer: 'sdp' });
    expect(await client.next('line.answer')).toEqual({
      type: 'line.answer',
      nonce: 'n1',
      answer: 'answer to sdp',
      line: 'ln_1',
    });
    for (const desk of house.floor.desks.get(anna.id)!) desk.lineLost('heartbeat');
    expect(await client.next('line.lost')).toMatchObject({ because: 'heartbeat' });
  });

  test.each([
    { type: 'offer.ringing', reservation: 'rs_1' },
    { type: 'offer.accept', reservation: 'rs_1' },
    { type: 'offer.decline', reservation: 'rs_1' },
    { type: 'call.place', nonce: 'n1', number: '03-1234-5678', customer: null },
    { type: 'call.hang-up', conversation: 'cv_1' },
    { type: 'call.hold', conversation: 'cv_1' },
    { type: 'call.resume', conversation: 'cv_1' },
    { type: 'call.mute', conversation: 'cv_1', muted: true },
    { type: 'call.dtmf', conversation: 'cv_1', digits: '12#' },
    { type: 'wrap-up.save', conversation: 'cv_1', disposition: 'resolved', note: 'ok' },
  ])('says $type to the floor; a refusal names it', async (message) => {
    const client = await house.enter(anna);
    house.floor.refuseWith = new Refusal('no-call', 'over already');
    client.say(message);
    expect(await refusal(client)).toEqual(['no-call', message.type]);
    client.say(message);
    await client.settled();
    expect(house.floor.commands).toEqual([
      { agent: anna.id, message },
      { agent: anna.id, message },
    ]);
  });

  test('[OUT7] a refused call out is told with its nonce, and the number stands in no log', async () => {
    const client = await house.enter(anna);
    house.floor.refuseWith = new Refusal('number-not-allowed', 'call.place');
    client.say({ type: 'call.place', nonce: 'n7', number: '+1 415 555 0100', customer: null });
    expect(await client.next('error')).toMatchObject({ code: 'number-not-allowed', re: 'call.place', nonce: 'n7' });
    house.floor.refuseWith = new Error('broken');
    client.say({ type: 'call.place', nonce: 'n8', number: '+1 415 555 0100', customer: null });
    expect(await client.next('error')).toMatchObject({ code: 'internal', nonce: 'n8' });
    expect(house.log()).not.toMatch(/415\D*555/); // not shorter: the log's own times have three such digits now and then
    client.say({ type: 'call.place', nonce: 'n9', number: '1'.repeat(61), customer: null });
    expect(await refusal(client)).toEqual(['bad-request', null]);
  });

  test('sets presence; away needs a reason that a person may give', async () => {
    const client = await house.enter(anna);
    client.say({ type: 'presence.set', presence: 'away', reason: 'lunch' });
    expect(await client.next('desk')).toMatchObject({ state: { presence: { reason: 'lunch' } } });
    for (const reason of [null, 'no-answer']) {
      client.say({ type: 'presence.set', presence: 'away', reason });
      expect(await refusal(client)).toEqual(['bad-request', 'presence.set']);
    }
    client.say({ type: 'presence.set', presence: 'available', reason: null });
    expect(await client.next('desk')).toMatchObject({ state: { presence: { says: 'available', reason: null } } });
  });

  test('a failure of ours is `internal`, is logged, and closes nothing', async () => {
    const client = await house.enter(anna);
    house.floor.refuseWith = new Error('the innermost thing broke');
    client.say({ type: 'wrap-up.save', conversation: 'cv_1', disposition: null, note: 'very private words' });
    const error = await client.next('error');
    expect(error).toMatchObject({ code: 'internal', re: 'wrap-up.save' });
    expect(JSON.stringify(error)).not.toContain('innermost');
    expect(house.log()).toContain('innermost');
    expect(house.log()).not.toContain('very private words');
    await client.settled();
  });

  test('hears a state that was told while it entered, once', async () => {
    const enter = house.floor.enter.bind(house.floor);
    house.floor.enter = (agent, listener) => {
      const desk = enter(agent, listener);
      house.floor.show(agent, { line: 'opening' });
      return desk;
    };
    const client = await live();
    client.say(hello);
    expect(await client.next('desk')).toMatchObject({ seq: 1, state: { line: 'opening' } });
    house.pass(2_000);
    await client.settled();
    expect(client.heard).toEqual([]);
  });

  test('leaves the floor when its socket closes, once', async () => {
    const client = await house.enter(anna);
    client.socket.close();
    await client.closed();
    await expect.poll(() => house.floor.left).toBe(1);
    house.pass(60_000);
    expect(house.floor.left).toBe(1);
  });
});

describe('a board', () => {
  test('hears everything, then changes, gapless; it enters no floor and may say nothing', async () => {
    const board = house.socket('/api/v1/live', { cookie: await house.cookieOf(anna) });
    board.say({ ...hello, page: 'board' });
    await board.next('welcome');
    const full = await board.next('board');
    expect(full).toMatchObject({ full: true, agents: [{ id: anna.id }, {}, {}] });
    house.floor.change({ waiting: [] });
    house.floor.change({ waiting: [] });
    const changes = [await board.next('board'), await board.next('board')];
    expect(changes.map(({ seq, full: whole }) => [seq, whole])).toEqual([
      [Number(full['seq']) + 1, false],
      [Number(full['seq']) + 2, false],
    ]);
    board.say({ type: 'line.open', nonce: 'n', offer: 'o' });
    expect(await refusal(board)).toEqual(['bad-request', 'line.open']);
    expect(house.floor.desks.size).toBe(0);
  });

  test('one watch of the floor serves all, and ends with the last', async () => {
    const boards = [await house.enter(anna, 'board'), await house.enter(sato, 'board')];
    expect(house.floor.watching()).toBe(1);
    for (const board of boards) board.socket.close();
    await expect.poll(() => house.floor.watching()).toBe(0);
    await house.enter(sato, 'board');
    expect(house.floor.watching()).toBe(1);
  });

  test('one that does not read is spared the deltas and gets a full board when it does; others miss nothing', async () => {
    const slow = await house.enter(anna, 'board');
    const quick = await house.enter(sato, 'board');
    slow.socket.pause();
    const agents = Array.from({ length: 300 }, (_, i) => ({ ...house.floor.agents()[0]!, id: `ag_${i}` }));
    let told = 0;
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 10; i++, told++) house.floor.change({ agents });
      await quick.settled();
    }
    const seqs = (client: Client) => client.heard.filter(({ type }) => type === 'board').map(({ seq }) => Number(seq));
    expect(seqs(quick)).toHaveLength(told);

    slow.socket.resume();
    let full = false;
    while (!full) {
      house.pass(1_000);
      await slow.settled();
      full = slow.heard.some((message) => message['full'] === true);
    }
    const heard = slow.heard.filter(({ type }) => type === 'board');
    expect(heard.length).toBeLessThan(told);
    expect(heard.at(-1)).toMatchObject({ full: true, seq: seqs(quick).at(-1) });
    expect(seqs(slow).slice(0, -1)).toEqual(seqs(quick).slice(0, heard.length - 1));
    house.floor.change({ waiting: [] });
    expect((await quick.next('board'))['full']).toBe(false);
  });
});

describe('bad messages', () => {
  test.each([
    ['no JSON', '{'],
    ['no object', '3'],
    ['an unknown type', '{"type":"make-coffee"}'],
    ['a missing field', '{"type":"offer.accept"}'],
    ['a field too long', JSON.stringify({ type: 'offer.accept', reservation: 'x'.repeat(61) })],
    ['a prototype', '{"type":"ping","n":1,"__proto__":{"n":2}}'.replace('"n":1', '"n":"1"')],
    ['bytes', Buffer.from([0, 1, 2, 255])],
  ])('%s: refused as bad-request', async (_what, data) => {
    const client = await house.enter(anna);
    client.sayRaw(data);
    expect(await refusal(client)).toEqual(['bad-request', null]);
    await client.settled();
  });

  test('several in a row close with 4400; a few over a day do not', async () => {
    const patient = await house.enter(anna);
    for (let i = 0; i < 20; i++) {
      patient.sayRaw('x');
      await patient.next('error');
      await patient.settled();
      house.pass(11_000);
      await patient.settled();
    }
    const client = await house.enter(anna);
    for (let i = 0; i < 5; i++) client.sayRaw('x');
    expect((await client.closed()).code).toBe(4400);
    expect(client.heard.filter(({ type }) => type === 'error')).toHaveLength(5);
  });

  test('one over 64 KB closes with 1009', async () => {
    const client = await house.enter(anna);
    client.say({ type: 'ping', n: 1, pad: 'x'.repeat(65_536) });
    expect((await client.closed()).code).toBe(1009);
    await expect.poll(() => house.floor.left).toBe(1);
  });

  test('whatever is sent, the house stands and others notice nothing', async () => {
    const cookie = await house.cookieOf(anna);
    const witness = await house.enter(sato);
    const junk = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ maxLength: 300 }),
      fc.json(),
      fc
        .record({
          type: fc.constantFrom('hello', 'ping', 'line.open', 'presence.set', 'call.mute', 'wrap-up.save', 'toString'),
          n: fc.anything(),
          v: fc.anything(),
          nonce: fc.anything(),
          conversation: fc.anything(),
        })
        .map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(junk, { maxLength: 8 }), fc.boolean(), async (messages, greet) => {
        const client = greet ? await house.enter(cookie) : house.socket('/api/v1/live', { cookie });
        for (const message of messages) client.sayRaw(message);
        await expect.poll(() => client.socket.readyState).not.toBe(WebSocket.CONNECTING);
        client.socket.close();
        await client.closed();
        await witness.settled();
        house.pass(1_000);
      }),
      { numRuns: 100 },
    );
    await expect.poll(() => house.floor.desks.get(anna.id)?.size ?? 0).toBe(0);
    expect(house.log()).not.toContain('"level":50');
  });
});

describe('too much', () => {
  test('a hundred at once are heard, the rest is dropped and said once; after a rest all is well', async () => {
    const client = await house.enter(anna);
    for (let n = 0; n < 300; n++) client.say({ type: 'ping', n });
    await client.next('error');
    house.pass(4_000);
    await client.settled();
    expect(client.heard.filter(({ type }) => type === 'error')).toEqual([]);
    expect(house.log()).not.toContain('"level":50');
  });

  test('without end it is closed with 4429', async () => {
    const client = await house.enter(anna);
    for (let n = 0; n < 700; n++) client.say({ type: 'ping', n });
    expect((await client.closed()).code).toBe(4429);
    expect(client.heard.filter(({ type }) => type === 'pong').length).toBeLessThanOrEqual(100);
  });
});

describe('the pulse', () => {
  test('a ping every five seconds; who answers stays for ever', async () => {
    const client = await house.enter(anna);
    let pings = 0;
    client.socket.on('ping', () => (pings += 1));
    for (let i = 0; i < 10; i++) {
      house.pass(5_000);
      await expect.poll(() => pings).toBe(i + 1);
      await client.settled();
    }
  });

  test('who does not answer for fifteen seconds is dropped, and leaves the floor', async () => {
    const client = await house.enter(anna);
    client.socket.pause(); // a laptop asleep
    house.pass(14_000);
    expect(house.floor.left).toBe(0);
    house.pass(2_000);
    await expect.poll(() => house.floor.left).toBe(1);
    client.socket.resume();
    expect((await client.closed()).code).toBe(1006);
  });

  test('when it was us who slept, nobody is dropped', async () => {
    const client = await house.enter(anna);
    const late = house.socket('/api/v1/live', { cookie: await house.cookieOf(sato) });
    await expect.poll(() => late.socket.readyState).toBe(WebSocket.OPEN);
    house.stall(120_000);
    house.pass(2_000);
    await client.settled();
    late.say(hello);
    await late.next('welcome');
    expect(house.floor.left).toBe(0);
  });
});

describe('the end of a session', () => {
  test('signing out tells every page of that session, and no other', async () => {
    const cookie = await house.cookieOf(anna);
    const [desk, board] = [await house.enter(cookie), await house.enter(cookie, 'board')];
    const elsewhere = await house.enter(anna);
    expect((await house.fetch('/api/v1/session', { method: 'DELETE', headers: { cookie } })).status).toBe(204);
    for (const client of [desk, board]) {
      await client.next('signed-out');
      expect((await client.closed()).code).toBe(4401);
    }
    expect(house.floor.left).toBe(1);
    await elsewhere.settled();
  });

  test('one that ended by itself is noticed within half a minute', async () => {
    const client = await house.enter(anna);
    house.store.live.clear();
    for (let i = 0; i < 6; i++) {
      house.pass(5_000);
      if (i < 5) await client.settled();
    }
    await client.next('signed-out');
    expect((await client.closed()).code).toBe(4401);
  });

  test('a database that is away signs nobody out', async () => {
    const client = await house.enter(anna);
    house.store.sessionsFail = new Error('gone');
    for (let i = 0; i < 20; i++) {
      house.pass(5_000);
      await client.settled();
    }
  });
});

test('when the server closes, the desks are told to come back', async () => {
  const client = await house.enter(anna);
  house.realtime.close();
  expect((await client.closed()).code).toBe(1001);
  expect(house.floor.left).toBe(1);
  expect(await upgradeStatus(await live())).toBe(503);
});
