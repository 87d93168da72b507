import { expect, test } from 'vitest';
import { fakeMedia } from '../carriers/testing/fake-media.js';
import { createMediaPool, patchAddressOf } from './pool.js';
import type { MediaEvent } from './protocol.js';

const version = 1;
const settle = async () => {
  for (let i = 0; i < 10; i++) await new Promise<void>((resolve) => setImmediate(resolve));
};

function house(left: ReturnType<typeof fakeMedia>[] = []) {
  const processes = left.length > 0 ? left : [fakeMedia({ now: () => 1_000 }), fakeMedia({ now: () => 2_000 })];
  for (const one of processes) one.forgetControl();
  const [first, second] = processes as [(typeof processes)[0], (typeof processes)[0]];
  const pool = createMediaPool(processes, { patchAddress: '127.0.0.1', log: () => undefined });
  const events: MediaEvent[] = [];
  const lost: string[][] = [];
  const known: string[] = [];
  pool.onEvent((event) => events.push(event));
  pool.onLost((owns) => void lost.push(known.filter(owns)));
  const rtp = async (leg: string) => {
    known.push(leg);
    return pool.request({ type: 'open-rtp', leg, remote: null });
  };
  const plugsOf = (media: typeof first) => [...media.legs.keys()].filter((leg) => leg.startsWith('plug_'));
  return { pool, first, second, processes, events, lost, rtp, plugsOf };
}

/** A customer in the first process, an agent’s line in the second, and they talk. */
async function patched() {
  const on = house();
  await on.rtp('customer');
  await on.rtp('line');
  const { at } = await on.pool.request({ type: 'bridge', a: 'customer', b: 'line' });
  return { ...on, at };
}

test('legs are spread over the processes, and each is asked about where it lives', async () => {
  const { pool, first, second, rtp } = house();
  for (const leg of ['a', 'b', 'c', 'd']) await rtp(leg);
  expect([[...first.legs.keys()], [...second.legs.keys()]]).toEqual([
    ['a', 'c'],
    ['b', 'd'],
  ]);
  await pool.request({ type: 'play', leg: 'd', sound: 'hold-music' });
  expect(second.legs.get('d')?.sound).toBe('hold-music');
  await pool.request({ type: 'bridge', a: 'b', b: 'd' });
  expect(second.legs.get('b')?.partner).toBe('d');
  await expect(rtp('a')).rejects.toMatchObject({ code: 'leg-exists' });
  await expect(pool.request({ type: 'resume', leg: 'nobody' })).rejects.toMatchObject({ code: 'no-such-leg' });
});

test('a browser’s leg weighs as much as three telephones', async () => {
  const { pool, first, second, rtp } = house();
  await pool.request({ type: 'open-webrtc', leg: 'line', offer: 'v=0\r\n', heartbeat: true });
  for (const leg of ['a', 'b', 'c', 'd']) await rtp(leg);
  expect([first.legs.size, second.legs.size]).toEqual([2, 3]);
});

test('a process without a free port hands the next caller on; nobody has one: no-port', async () => {
  const { first, second, rtp } = house();
  first.failNext('open-rtp', 'no-port');
  await rtp('a');
  expect([...second.legs.keys()]).toEqual(['a']);
  first.failNext('open-rtp', 'no-port');
  second.failNext('open-rtp', 'no-port');
  await expect(rtp('b')).rejects.toMatchObject({ code: 'no-port' });
  await rtp('b');
});

test('legs of two processes are patched: each is bridged with a plug, and the plugs are aimed at each other', async () => {
  const { first, second, plugsOf, at } = await patched();
  const [here, there] = [plugsOf(first)[0]!, plugsOf(second)[0]!];
  expect(first.legs.get('customer')?.partner).toBe(here);
  expect(second.legs.get('line')?.partner).toBe(there);
  expect(first.legs.get(here)?.remote?.port).toBe(second.legs.get(there)?.port);
  expect(second.legs.get(there)?.remote?.port).toBe(first.legs.get(here)?.port);
  expect(at).toBe(2_000); // when the second half stood
});

test('a patch looks like a bridge from outside, and its legs are told of to nobody', async () => {
  const { pool, first, events, plugsOf } = await patched();
  const { legs } = await pool.request({ type: 'hello', version });
  expect(legs.map(({ leg, bridgedTo }) => [leg, bridgedTo])).toEqual([
    ['customer', 'line'],
    ['line', 'customer'],
  ]);
  first.say({ type: 'dtmf', leg: plugsOf(first)[0]!, at: 1, digit: '5' });
  first.say({ type: 'dtmf', leg: 'customer', at: 1, digit: '5' });
  expect(events).toHaveLength(1);
});

test('a hold is kept where the customer is; after it they are apart again, and no plug is left', async () => {
  const { pool, first, second, plugsOf } = await patched();
  await pool.request({ type: 'hold', leg: 'customer', sound: 'hold-music' });
  expect(first.legs.get('customer')?.held).toBe('hold-music');
  await pool.request({ type: 'resume', leg: 'customer' });
  await pool.request({ type: 'unbridge', a: 'customer', b: 'line' });
  await settle();
  expect([first.legs.get('customer')?.partner, second.legs.get('line')?.partner]).toEqual([null, null]);
  expect([...plugsOf(first), ...plugsOf(second)]).toEqual([]);
});

test('commands of one leg keep their order while a patch is being made', async () => {
  const { pool, first, rtp } = house();
  await rtp('customer');
  await rtp('line');
  const bridged = pool.request({ type: 'bridge', a: 'customer', b: 'line' });
  const held = pool.request({ type: 'hold', leg: 'customer', sound: 'hold-music' });
  const closed = pool.request({ type: 'close', leg: 'customer' });
  await Promise.all([bridged, held, closed]);
  await settle();
  const types = first.requests.map(({ type }) => type);
  expect(types.indexOf('bridge')).toBeLessThan(types.indexOf('hold'));
  expect([...first.legs.keys()]).toEqual([]);
});

test.each(['close', 'leg-lost', 'another bridge'] as const)('%s takes the patch away', async (how) => {
  const { pool, first, second, plugsOf, rtp } = await patched();
  if (how === 'close') await pool.request({ type: 'close', leg: 'line' });
  else if (how === 'leg-lost') second.say({ type: 'leg-lost', leg: 'line', at: 1, because: 'closed' });
  else {
    await rtp('other'); // the first process has as few legs as the second, and comes first
    expect(first.legs.has('other')).toBe(true);
    await pool.request({ type: 'bridge', a: 'customer', b: 'other' });
    expect(first.legs.get('customer')?.partner).toBe('other');
  }
  await settle();
  expect([...plugsOf(first), ...plugsOf(second)]).toEqual([]);
});

test('a patch that cannot be made leaves nothing behind, and says why', async () => {
  const { pool, first, second, rtp, plugsOf } = house();
  await rtp('customer');
  await rtp('line');
  second.failNext('bridge', 'not-connected');
  await expect(pool.request({ type: 'bridge', a: 'customer', b: 'line' })).rejects.toMatchObject({
    code: 'not-connected',
  });
  await settle();
  expect([...plugsOf(first), ...plugsOf(second)]).toEqual([]);
});

test('a plug that fails is replaced: two people hear each other again', async () => {
  const { first, second, plugsOf } = await patched();
  const before = plugsOf(second)[0]!;
  second.say({ type: 'leg-lost', leg: before, at: 1, because: 'failed' });
  await settle();
  expect(plugsOf(second)).not.toEqual([before]);
  expect(first.legs.get('customer')?.partner).toBe(plugsOf(first)[0]);
  expect(plugsOf(first)).toHaveLength(1);
});

test('a process that dies is lost with its own legs only; who was patched to it hears silence, and it is filled again when it is back', async () => {
  const { pool, first, second, lost, plugsOf, rtp } = await patched();
  await rtp('other');
  second.die();
  await settle();
  expect(lost).toEqual([['line']]);
  expect(plugsOf(first)).toEqual([]);
  expect([pool.ready, pool.complete]).toEqual([true, false]);
  await rtp('line'); // opened anew, where somebody lives
  expect(first.legs.has('line')).toBe(true);
  const owned: string[] = [];
  pool.onReady((_legs, owns) => void owned.push(...['customer', 'line', 'other'].filter(owns)));
  second.back();
  expect(owned).toEqual([]);
  expect(pool.complete).toBe(true);
  await rtp('next');
  expect(second.legs.has('next')).toBe(true);
});

test('a process that is back owns what it held before, also what was closed meanwhile: its recordings must be found', async () => {
  const { pool, second } = await patched();
  await pool.request({ type: 'record', recording: 'rc_1', leg: 'line', path: '/rc_1.wav' });
  second.die();
  await expect(pool.request({ type: 'stop-record', recording: 'rc_1' })).rejects.toMatchObject({ code: 'unreachable' });
  await expect(pool.request({ type: 'close', leg: 'line' })).rejects.toMatchObject({ code: 'unreachable' });
  let owned = false;
  pool.onReady((_legs, owns) => void (owned = owns('line')));
  second.back();
  expect(owned).toBe(true);
  await expect(pool.request({ type: 'close', leg: 'line' })).rejects.toMatchObject({ code: 'no-such-leg' });
  await expect(pool.request({ type: 'stop-record', recording: 'rc_1' })).resolves.toBeNull();
});

test('the next control finds the patches of the one before, and can end them', async () => {
  const before = await patched();
  const after = house(before.processes);
  const { legs } = await after.pool.request({ type: 'hello', version });
  expect(legs.find(({ leg }) => leg === 'customer')?.bridgedTo).toBe('line');
  await after.pool.request({ type: 'hold', leg: 'customer', sound: 'hold-music' });
  await after.pool.request({ type: 'unbridge', a: 'customer', b: 'line' });
  await settle();
  expect([...after.plugsOf(after.first), ...after.plugsOf(after.second)]).toEqual([]);
});

test('half a patch, left by a control that died while it was made, is closed once every process was heard', async () => {
  const before = house();
  await before.first.request({ type: 'open-rtp', leg: 'plug_beef_0', remote: null });
  await before.second.request({ type: 'open-rtp', leg: 'line', remote: null });
  const after = house(before.processes);
  after.second.die(true);
  await after.pool.request({ type: 'hello', version });
  await settle();
  expect(after.plugsOf(after.first)).toHaveLength(1); // the other half may be in the one that is away
  after.second.back();
  await settle();
  expect(after.plugsOf(after.first)).toEqual([]);
  expect(after.second.legs.has('line')).toBe(true);
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['192.0.2.7', '192.0.2.7'],
  ['0.0.0.0', '127.0.0.1'],
])('processes bound to %s reach each other at %s', (bound, reached) => {
  expect(patchAddressOf(bound)).toBe(reached);
});
