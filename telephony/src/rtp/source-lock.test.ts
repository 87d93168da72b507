import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SourceLock } from './source-lock.js';

const sdp = { address: '203.0.113.5', port: 40_000 };

test('the address of the SDP latches at once, whatever its port, and nobody else speaks afterwards', () => {
  for (const port of [40_000, 51_234]) {
    const lock = new SourceLock(sdp);
    expect(lock.accept(sdp.address, port, 1, 1)).toBe('latched');
    expect(lock.source).toEqual({ address: sdp.address, port });
    expect(lock.accept(sdp.address, port, 9, 500)).toBe('pass');
    expect(lock.accept(sdp.address, port + 1, 1, 2)).toBe('drop');
    expect(lock.accept('198.51.100.1', port, 1, 2)).toBe('drop');
  }
});

test('of 100 000 forged packets none passes a locked leg', () => {
  const lock = new SourceLock(sdp);
  lock.accept(sdp.address, sdp.port, 1, 1);
  let passed = 0;
  for (let i = 0; i < 100_000; i++) {
    const address = `10.${i & 255}.${(i >> 8) & 255}.1`;
    if (
      lock.accept(i % 3 === 0 ? sdp.address : address, i % 3 === 0 ? 1_024 + (i % 38_000) : sdp.port, 1, i & 0xffff) !==
      'drop'
    ) {
      passed += 1;
    }
  }
  expect(passed).toBe(0);
});

test('a telephone behind NAT latches by a run of its own packets', () => {
  const lock = new SourceLock(sdp);
  const verdicts = [10, 11, 12, 13, 14, 15].map((sequence) => lock.accept('198.51.100.9', 6_000, 5, sequence));
  expect(verdicts).toEqual(['drop', 'drop', 'drop', 'drop', 'latched', 'pass']);
});

test('single strangers never latch, and whoever fits the SDP takes the place from them', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff), { maxLength: 200 }), (numbers) => {
      const lock = new SourceLock(sdp);
      // Each from another port: a spray.
      numbers.forEach((sequence, i) => expect(lock.accept('198.51.100.9', i + 1, 5, sequence)).toBe('drop'));
      expect(lock.accept(sdp.address, sdp.port, 1, 1)).toBe('latched');
    }),
  );
});

test('without a far end nobody is believed; a new aim lets go of the old one', () => {
  const lock = new SourceLock(null);
  expect(lock.accept(sdp.address, sdp.port, 1, 1)).toBe('drop');
  lock.aim(sdp);
  expect(lock.accept(sdp.address, sdp.port, 1, 1)).toBe('latched');
  lock.aim({ address: '203.0.113.6', port: 1_000 });
  expect(lock.accept(sdp.address, sdp.port, 1, 2)).toBe('drop');
  expect(lock.accept('203.0.113.6', 1_000, 1, 2)).toBe('latched');
});
