import { describe, expect, test } from 'vitest';
import { LineWatch, type Finding, type Signs, type WatchKind } from './line-watch.js';

/** Plays a story a quarter of a second at a time and keeps what the watch found, with the moment. */
function play(
  kind: WatchKind,
  untilMs: number,
  story: (nowMs: number) => Partial<Signs> & { echo?: boolean },
): [number, string][] {
  const watch = new LineWatch(kind, 0);
  const found: [number, string][] = [];
  const note = (nowMs: number, finding: Finding | null): void => {
    if (finding !== null)
      found.push([nowMs, 'because' in finding ? `${finding.type} ${finding.because}` : finding.type]);
  };
  for (let nowMs = 0; nowMs <= untilMs; nowMs += 250) {
    const { echo, ...more } = story(nowMs);
    const signs: Signs = {
      connected: true,
      heardMs: Number.NaN,
      reportedMs: Number.NaN,
      bridgedSinceMs: null,
      expectsAudio: true,
      ...more,
    };
    if (echo === true) note(nowMs, watch.echoed(5, nowMs, signs));
    note(nowMs, watch.check(nowMs, signs));
    if (found.at(-1)?.[1].startsWith('lost') === true) break;
  }
  return found;
}
const everySecond = (nowMs: number): boolean => nowMs % 1_000 === 0;

describe('a warm line', () => {
  test('is proven by its first echo, once', () => {
    expect(play('line', 60_000, (now) => ({ echo: now >= 500 && now % 1_000 === 500 }))).toEqual([[500, 'proven']]);
  });

  test('that falls silent while idle is suspected within 3 s, and proven again by its next echo', () => {
    const found = play('line', 30_000, (now) => ({ echo: everySecond(now) && !(now > 10_000 && now < 20_000) }));
    expect(found).toEqual([
      [0, 'proven'],
      [12_750, 'suspect heartbeat'],
      [20_000, 'proven'],
    ]);
  });

  test('in a talk is judged by its audio alone: a frozen page that still sends is no lost call', () => {
    const found = play('line', 40_000, (now) =>
      now < 5_000 ? { echo: everySecond(now) } : { bridgedSinceMs: 5_000, heardMs: now - 20 },
    );
    expect(found).toEqual([[0, 'proven']]);
  });

  test('in a talk without audio is suspected after 1 s and lost after 10 s, however much it echoes', () => {
    const found = play('line', 40_000, (now) => ({
      echo: everySecond(now),
      ...(now < 5_000 ? {} : { bridgedSinceMs: 5_000, heardMs: Math.min(now, 7_000) }),
    }));
    expect(found).toEqual([
      [0, 'proven'],
      [8_250, 'suspect rtp-silence'],
      [17_250, 'lost rtp-silence'],
    ]);
  });

  test('in a talk is proven again when its audio is back', () => {
    const found = play('line', 20_000, (now) => ({
      echo: everySecond(now),
      ...(now < 5_000 ? {} : { bridgedSinceMs: 5_000, heardMs: now > 7_000 && now < 10_000 ? 7_000 : now }),
    }));
    expect(found).toEqual([
      [0, 'proven'],
      [8_250, 'suspect rtp-silence'],
      [10_000, 'proven'],
    ]);
  });

  test('that never sent a packet in a bridge counts from the bridge, not from the call before', () => {
    const found = play('line', 30_000, (now) => ({
      echo: everySecond(now) && now < 20_000,
      heardMs: 1_000,
      ...(now < 20_000 ? {} : { bridgedSinceMs: 20_000 }),
    }));
    expect(found).toEqual([
      [0, 'proven'],
      [21_250, 'suspect rtp-silence'],
    ]);
  });

  test('that came out of a talk mute is proven by its echo', () => {
    const found = play('line', 20_000, (now) => ({
      echo: everySecond(now),
      ...(now >= 5_000 && now < 8_000 ? { bridgedSinceMs: 5_000 } : {}),
    }));
    expect(found).toEqual([
      [0, 'proven'],
      [6_250, 'suspect rtp-silence'],
      [8_000, 'proven'],
    ]);
  });

  test('that never comes up, or never echoes, is given up', () => {
    expect(play('line', 60_000, () => ({ connected: false }))).toEqual([[15_250, 'lost ice']]);
    expect(play('line', 60_000, () => ({}))).toEqual([[15_250, 'lost heartbeat']]);
  });
});

test('a web caller is lost after 10 s without audio, also one who never sent any', () => {
  expect(play('web', 60_000, (now) => ({ heardMs: Math.min(now, 5_000) }))).toEqual([[15_250, 'lost rtp-silence']]);
  expect(play('web', 60_000, () => ({}))).toEqual([[10_250, 'lost rtp-silence']]);
  expect(play('web', 60_000, (now) => ({ heardMs: now }))).toEqual([]);
});

test('a telephone that fell silent is lost after 30 s, but not one that never spoke or said that it would not', () => {
  expect(play('rtp', 90_000, (now) => ({ heardMs: Math.min(now, 5_000) }))).toEqual([[35_250, 'lost rtp-silence']]);
  expect(play('rtp', 90_000, () => ({}))).toEqual([]);
  expect(play('rtp', 90_000, (now) => ({ heardMs: Math.min(now, 5_000), expectsAudio: false }))).toEqual([]);
});

test('a telephone that says it is silent, or still reports, is not lost for its silence', () => {
  const spoke = { heardMs: 1_000, bridgedSinceMs: 0 };
  expect(play('rtp', 60_000, () => spoke)).toEqual([[31_250, 'lost rtp-silence']]);
  expect(play('rtp', 60_000, () => ({ ...spoke, expectsAudio: false }))).toEqual([]);
  expect(play('rtp', 60_000, (nowMs) => ({ ...spoke, reportedMs: nowMs - (nowMs % 5_000) }))).toEqual([]);
  // A browser's reports come from beside the page: they prove nothing.
  expect(play('web', 60_000, (nowMs) => ({ ...spoke, reportedMs: nowMs }))).toHaveLength(1);
});
