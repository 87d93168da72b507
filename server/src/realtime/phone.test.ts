/** The customer's phone in the browser. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHouse, type Client, type House } from '../http/testing/house.js';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const phone = (headers: Record<string, string> = {}): Client => house.socket('/api/v1/phone', headers);
const dial = { type: 'dial', from: '0312345678', to: '05012345678', offer: 'sdp' };
const call = (n = 0) => house.phones.calls[n]!;
const calling = async (): Promise<Client> => {
  const client = phone();
  client.say(dial);
  await client.next('dialling');
  return client;
};

test('dials, hears the answer before the ringing, is answered, sends digits, hangs up', async () => {
  const client = phone();
  client.say(dial);
  await expect.poll(() => client.heard.length).toBe(2);
  expect(client.heard).toEqual([{ type: 'dialling', answer: 'answer to sdp' }, { type: 'ringing' }]);
  call().tell({ type: 'answered' });
  await client.next('answered');
  for (const digit of '12#') client.say({ type: 'dtmf', digit });
  client.say({ type: 'hang-up' });
  await expect.poll(() => call().hungUp).toBe(true);
  expect(call()).toMatchObject({ from: dial.from, to: dial.to, digits: '12#' });
});

test('the other side hangs up: told once, and the phone may dial again', async () => {
  const client = await calling();
  call().tell({ type: 'ended', cause: 'hung-up' });
  call().tell({ type: 'ended', cause: 'hung-up' });
  expect(await client.next('ended')).toEqual({ type: 'ended', cause: 'hung-up' });
  client.say(dial);
  await client.next('dialling');
  expect(client.heard.some(({ type }) => type === 'ended')).toBe(false);
});

test('one call at a time; digits and hanging up need one', async () => {
  const client = await calling();
  client.say(dial);
  expect((await client.next('error'))['code']).toBe('busy');
  const idle = phone();
  idle.say({ type: 'hang-up' });
  expect((await idle.next('error'))['code']).toBe('no-call');
  idle.say({ type: 'dtmf', digit: '1' });
  expect((await idle.next('error'))['code']).toBe('no-call');
});

test('a refused call is said, and its place is free again', async () => {
  const client = phone();
  for (let i = 0; i < 10; i++) {
    client.say({ ...dial, to: 'nowhere' });
    expect(await client.next('error')).toMatchObject({ code: 'no-number' });
  }
});

test('five calls from one address; the sixth waits until one is over', async () => {
  const clients: Client[] = [];
  for (let i = 0; i < 5; i++) clients.push(await calling());
  const sixth = phone();
  sixth.say(dial);
  expect((await sixth.next('error'))['code']).toBe('too-many-tries');
  clients[0]!.socket.terminate();
  await expect.poll(() => call(0).hungUp).toBe(true);
  sixth.say(dial);
  await sixth.next('dialling');
});

test('gone, or hung up, while it was dialling: the call is ended when it stands', async () => {
  let open = (): void => undefined;
  house.phones.gate = new Promise((resolve) => (open = resolve));
  const [gone, regrets] = [phone(), phone()];
  gone.say(dial);
  regrets.say(dial);
  await expect.poll(() => house.phones.calls.length).toBe(2);
  gone.socket.close();
  regrets.say({ type: 'hang-up' });
  await gone.closed();
  regrets.say({ type: 'hang-up' }); // there is none any more: so the first was heard
  expect((await regrets.next('error'))['code']).toBe('no-call');
  open();
  await expect.poll(() => house.phones.calls.map(({ hungUp }) => hungUp)).toEqual([true, true]);
  expect(regrets.heard).toEqual([]);
});

test('a phone that falls silent is hung up', async () => {
  const client = await calling();
  client.socket.pause();
  house.pass(16_000);
  await expect.poll(() => call().hungUp).toBe(true);
});

test('the server closes: the call is hung up', async () => {
  const client = await calling();
  house.realtime.close();
  expect((await client.closed()).code).toBe(1001);
  expect(call().hungUp).toBe(true);
});

test('another site’s page may not dial; and outside demo mode there is no phone', async () => {
  const refused = (client: Client): Promise<number> =>
    new Promise((resolve) =>
      client.socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode ?? 0)),
    );
  expect(await refused(phone({ origin: 'http://evil.example' }))).toBe(403);
  const earnest = await openHouse({ demo: null });
  try {
    expect(await refused(earnest.socket('/api/v1/phone'))).toBe(404);
  } finally {
    await earnest.close();
  }
});
