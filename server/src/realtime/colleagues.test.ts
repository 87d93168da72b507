/** Who is there, as desks hear it over real sockets. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anna, sato } from '../http/testing/fakes.js';
import { openHouse, type Client, type House } from '../http/testing/house.js';
import type { Person } from '../services.js';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const hello = { type: 'hello', v: 1, build: 'b1', page: 'desk' };

describe('the colleagues', () => {
  /** A desk that has said hello and asked for them. */
  async function lookOn(known: string | null = null, who: Person = anna): Promise<Client> {
    const client = house.socket('/api/v1/live', { cookie: await house.cookieOf(who) });
    client.say({ ...hello, colleagues: known });
    await client.next('desk');
    return client;
  }
  const some = (state: 'talking' | 'away') => {
    const [first] = house.floor.agents();
    return [{ ...first!, presence: { ...first!.presence, state } }];
  };
  const told = (client: Client) => client.heard.filter(({ type }) => type === 'colleagues');

  test('are told once, then by what changed, once a second and each by its newest state; nothing while nothing happens', async () => {
    const client = await lookOn();
    const all = await client.next('colleagues');
    expect(all).toMatchObject({ since: null, agents: [{ id: anna.id }, { id: sato.id }, {}] });
    house.floor.change({ agents: some('talking') });
    house.floor.change({ agents: some('away') });
    house.floor.change({ waiting: [] });
    house.pass(1_000);
    await client.settled();
    expect(told(client)).toMatchObject([{ since: all['version'], agents: [{ presence: { state: 'away' } }] }]);
    client.heard.length = 0;
    for (let second = 0; second < 10; second++) house.pass(1_000);
    await client.settled();
    expect(told(client)).toEqual([]);
  });

  test('come again after a reconnect only when they changed meanwhile, or the process is another', async () => {
    const first = await lookOn();
    const version = String((await first.next('colleagues'))['version']);
    first.socket.close();
    await first.closed();
    const back = await lookOn(version);
    await back.settled();
    expect(told(back)).toEqual([]);
    back.socket.close();
    await back.closed();
    house.floor.change({ agents: some('talking') });
    house.pass(1_000);
    for (const known of [version, 'another.0']) {
      const late = await lookOn(known);
      expect(await late.next('colleagues')).toMatchObject({ since: null, agents: [{}, {}, {}] });
    }
  });

  test('are sent whole to who says that something is missing, and never to who did not ask, or is a board', async () => {
    const client = await lookOn();
    await client.next('colleagues');
    client.say({ type: 'colleagues.resync' });
    expect(await client.next('colleagues')).toMatchObject({ since: null });
    const older = await house.enter(sato);
    const board = await house.enter(sato, 'board');
    for (const other of [older, board]) other.say({ type: 'colleagues.resync' });
    house.floor.change({ agents: some('talking') });
    house.pass(1_000);
    for (const other of [older, board]) {
      await other.settled();
      expect(told(other)).toEqual([]);
    }
  });

  test('are nobody’s business without a session, and end with it', async () => {
    const stranger = house.socket('/api/v1/live');
    stranger.say({ ...hello, colleagues: null });
    expect((await stranger.closed()).code).toBe(4401);
    expect(told(stranger)).toEqual([]);
  });
});
