import { expect, test } from 'vitest';
import { packetBytesMax } from './packet.js';
import { TestWire, type Weather } from './testing/wire.js';

/** Both stand, and `a` has opened `ctl` on stream 0. */
function talking(seed = 1, weather: Weather = {}): TestWire {
  const wire = new TestWire(seed, weather);
  wire.a.association.begin();
  for (let tries = 0; tries < 600 && !wire.a.association.open(0, 'ctl'); tries++) wire.run(100);
  wire.run(100);
  return wire;
}

const storm = { loss: 0.2, doubling: 0.1, jitterMs: 80 };
const seeds = Array.from({ length: 25 }, (_, i) => i + 1);

test('one side begins, the other answers; the channel opens with its label and carries text both ways', () => {
  const wire = talking();
  expect(wire.b.opened).toEqual([{ id: 0, label: 'ctl' }]);
  expect(wire.a.association.say(0, '{"beat":1}')).toBe(true);
  expect(wire.b.association.say(0, '電話番')).toBe(true);
  expect(wire.a.association.say(0, '')).toBe(true);
  wire.run(100);
  expect(wire.b.heard).toEqual(['{"beat":1}', '']);
  expect(wire.a.heard).toEqual(['電話番']);
  expect(wire.a.association.nextTimer()).toBeNull();
  expect(wire.b.association.nextTimer()).toBeNull();
});

test('both begin at the same moment, and have one association', () => {
  const wire = new TestWire();
  wire.a.association.begin();
  wire.b.association.begin();
  wire.run(100);
  expect(wire.a.association.open(0, 'ctl')).toBe(true);
  wire.run(100);
  expect(wire.b.association.say(0, 'x')).toBe(true);
  wire.run(100);
  expect(wire.a.heard).toEqual(['x']);
});

test.each(seeds)(
  'seed %i: over a wire that loses, doubles and overtakes, every message comes once and in order',
  (seed) => {
    const wire = talking(seed, storm);
    const texts = Array.from({ length: 60 }, (_, n) => `${n} ${'x'.repeat((n * 137) % 3_000)}`);
    for (const text of texts) {
      expect(wire.a.association.say(0, text)).toBe(true);
      if (wire.b.opened.length > 0) wire.b.association.say(0, text);
      wire.run(200);
    }
    wire.run(120_000);
    expect(wire.a.closed).toEqual([]);
    expect(wire.b.heard).toEqual(texts);
    expect(wire.a.heard).toEqual(texts.slice(texts.length - wire.a.heard.length));
    expect(wire.a.association.nextTimer()).toBeNull();
    for (const packet of [...wire.a.sent, ...wire.b.sent]) expect(packet.length).toBeLessThanOrEqual(packetBytesMax);
  },
);

test.each(seeds)('seed %i: both begin in the same weather, and still have one association', (seed) => {
  const wire = new TestWire(seed, storm);
  wire.a.association.begin();
  wire.b.association.begin();
  for (let tries = 0; tries < 600 && !wire.a.association.open(0, 'ctl'); tries++) wire.run(100);
  wire.clear();
  wire.run(10_000);
  expect(wire.b.opened).toEqual([{ id: 0, label: 'ctl' }]);
  wire.b.association.say(0, 'x');
  wire.run(100);
  expect(wire.a.heard).toEqual(['x']);
});

test('a lost packet goes out again within a third of a second', () => {
  const wire = talking();
  wire.cut = true;
  wire.a.association.say(0, 'x');
  wire.cut = false;
  wire.run(330);
  expect(wire.b.heard).toEqual(['x']);
});

test('nothing is said on a channel that there is not, nor before there is one', () => {
  const wire = new TestWire();
  expect(wire.a.association.say(0, 'x')).toBe(false);
  expect(wire.a.association.open(0, 'ctl')).toBe(false);
  expect(talking().a.association.say(2, 'x')).toBe(false);
});

test('no more than 64 kB wait, and no message is longer than 16 kB', () => {
  const wire = talking();
  expect(wire.a.association.say(0, 'x'.repeat(16 * 1024))).toBe(true);
  expect(wire.a.association.say(0, 'x'.repeat(16 * 1024 + 1))).toBe(false);
  expect(wire.a.association.say(0, '電'.repeat(6_000))).toBe(false);
  wire.cut = true;
  let taken = 0;
  while (taken < 10_000 && wire.a.association.say(0, 'x')) taken++;
  expect(taken).toBeGreaterThan(500);
  expect(taken).toBeLessThan(1_000);
  wire.cut = false;
  wire.run(20_000);
  expect(wire.b.heard.length).toBe(taken + 1);
  expect(wire.a.association.say(0, 'x')).toBe(true);
});

test('a far end that answers nothing is silent after half a minute, and is told of it', () => {
  const wire = talking();
  wire.cut = true;
  wire.a.association.say(0, 'x');
  wire.run(20_000);
  expect(wire.a.closed).toEqual([]);
  wire.run(10_000);
  expect(wire.a.closed).toEqual(['silent']);
  expect(wire.a.association.nextTimer()).toBeNull();
  expect(wire.a.association.say(0, 'x')).toBe(false);
});

test('an INIT that nobody answers is given up', () => {
  const wire = new TestWire();
  wire.cut = true;
  wire.a.association.begin();
  wire.run(60_000);
  expect(wire.a.closed).toEqual(['silent']);
  expect(wire.a.sent.length).toBe(9);
});

test('closing ends both at once; nobody who closes is told of it', () => {
  const wire = talking();
  wire.a.association.say(0, 'x');
  wire.a.association.close();
  wire.a.association.close();
  wire.run(1_000);
  expect(wire.a.closed).toEqual([]);
  expect(wire.b.closed).toEqual(['far-end']);
  expect([wire.a, wire.b].map(({ association }) => association.nextTimer())).toEqual([null, null]);
});

test.each(seeds)('seed %i: a channel that is closed is reset both ways, and its number can be used again', (seed) => {
  const wire = talking(seed, storm);
  wire.a.association.say(0, 'last');
  wire.a.association.closeChannel(0);
  wire.run(20_000);
  expect(wire.b.heard).toEqual(['last']);
  expect(wire.b.gone).toEqual([0]);
  expect(wire.b.association.say(0, 'x')).toBe(false);
  expect(wire.a.association.open(0, 'again')).toBe(true);
  wire.run(20_000);
  expect(wire.b.opened.at(-1)).toEqual({ id: 0, label: 'again' });
  wire.b.association.say(0, 'x');
  wire.run(20_000);
  expect(wire.a.heard).toEqual(['x']);
});

test('whoever closes while hearing a message hears no other', () => {
  const wire = talking();
  const { b } = wire;
  const texts: string[] = [];
  b.heard.push = (text) => {
    b.association.close();
    return texts.push(text);
  };
  wire.a.association.say(0, 'one');
  wire.a.association.say(0, 'two');
  wire.run(1_000);
  expect(texts).toEqual(['one']);
  expect(b.closed).toEqual([]);
});
