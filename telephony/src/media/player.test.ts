import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Player } from './player.js';
import { createTicker } from './ticker.js';

const played = (player: Player, frames: number): number[] => {
  const out: number[] = [];
  for (let n = 0; n < frames; n++) {
    const frame = new Uint8Array(170);
    if (!player.frame(frame, 10)) break;
    out.push(...frame.subarray(10));
  }
  return out;
};
const sound = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

describe('a player', () => {
  test('goes round without a seam', () => {
    const ramp = Uint8Array.from({ length: 250 }, (_, i) => i);
    expect(played(new Player(ramp, false, null), 10)).toEqual(Array.from({ length: 1_600 }, (_, i) => i % 250));
  });

  test('says a thing once and fills its last frame with silence', () => {
    const out = played(new Player(sound(200, 7), true, null), 10);
    expect(out).toEqual([...sound(200, 7), ...sound(120, 0xff)]);
  });

  test('goes on with what follows, in the very next sample, and for ever', () => {
    const out = played(new Player(sound(200, 7), true, sound(100, 9)), 10);
    expect(out).toEqual([...sound(200, 7), ...sound(1_400, 9)]);
  });
});

describe('the ticker', () => {
  let nowMs = 0;
  const failures: unknown[] = [];
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => vi.useRealTimers());

  /** Time passes, in steps that are as late as timers are. */
  function pass(ms: number, step: (n: number) => number): void {
    const end = nowMs + ms;
    for (let n = 0; nowMs < end; n++) {
      nowMs += step(n);
      vi.advanceTimersByTime(step(n));
    }
  }

  test('gives one frame for every 20 ms, however late its timer comes', () => {
    nowMs = 1_000;
    const ticker = createTicker(
      () => nowMs,
      (error) => failures.push(error),
    );
    let frames = 0;
    const stop = ticker.add(() => (frames += 1));
    expect(frames).toBe(1);
    pass(10_000, (n) => [1, 3, 17, 44][n % 4]!);
    expect(Math.abs(frames - 501)).toBeLessThanOrEqual(3);
    stop();
  });

  test('skips what a long stall took instead of playing it in a burst', () => {
    const ticker = createTicker(
      () => nowMs,
      (error) => failures.push(error),
    );
    let frames = 0;
    const stop = ticker.add(() => (frames += 1));
    nowMs += 60_000;
    vi.advanceTimersByTime(20);
    expect(frames).toBe(2);
    stop();
  });

  test('sleeps when nobody plays', () => {
    const ticker = createTicker(
      () => nowMs,
      (error) => failures.push(error),
    );
    const stops = [ticker.add(() => undefined), ticker.add(() => undefined)];
    expect(vi.getTimerCount()).toBe(1);
    for (const stop of stops) stop();
    expect(vi.getTimerCount()).toBe(0);
    ticker.add(() => undefined)();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('whoever fails is taken off, and the others play on', () => {
    const ticker = createTicker(
      () => nowMs,
      (error) => failures.push(error),
    );
    let frames = 0;
    ticker.add((at) => {
      if (at > nowMs - 1 && frames === 2) throw new Error('broken');
    });
    const stop = ticker.add(() => (frames += 1));
    pass(200, () => 10);
    expect(failures).toHaveLength(1);
    expect(frames).toBeGreaterThanOrEqual(10);
    stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('somebody may leave in the middle of a turn, also the last one', () => {
    const ticker = createTicker(
      () => nowMs,
      (error) => failures.push(error),
    );
    let frames = 0;
    const stop: { it?: () => void } = {};
    stop.it = ticker.add(() => {
      frames += 1;
      if (frames === 3) stop.it?.();
    });
    pass(200, () => 10);
    expect(frames).toBe(3);
    expect(vi.getTimerCount()).toBe(0);
  });
});
