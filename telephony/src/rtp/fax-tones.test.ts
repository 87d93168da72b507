import { expect, test } from 'vitest';
import { FaxTones, type FaxTone } from './fax-tones.js';
import { toUlaw, ulawToLinear } from './g711.js';
import { voice } from '../media/testing/voices.js';

const tone = (hz: number, ms: number, level = 8_000): number[] =>
  Array.from({ length: ms * 8 }, (_, i) => level * Math.sin((2 * Math.PI * hz * i) / 8_000));
const silence = (ms: number): number[] => Array<number>(ms * 8).fill(0);

function heardIn(samples: ArrayLike<number>, packet = 160): FaxTone[] {
  const bytes = Uint8Array.from(samples, (sample) => toUlaw(Math.round(sample)));
  const tones = new FaxTones();
  const found: FaxTone[] = [];
  for (let at = 0; at < bytes.length; at += packet) {
    const heard = tones.hear(bytes, at, Math.min(at + packet, bytes.length), ulawToLinear);
    if (heard !== null) found.push(heard);
  }
  return found;
}

test('a calling fax: half a second of 1 100 Hz, every three seconds', () => {
  expect(heardIn([...silence(130), ...tone(1_100, 500), ...silence(3_000)])).toEqual(['calling']);
  expect(heardIn([...tone(1_100, 425), ...silence(3_000), ...tone(1_100, 575)])).toEqual(['calling', 'calling']);
});

test('an answering fax: 2 100 Hz for seconds', () => {
  expect(heardIn([...silence(50), ...tone(2_100, 2_600)])).toEqual(['answering']);
});

test.each([10, 30, 60])('also in packets of %i ms, faint, and a little off its note', (ms) => {
  expect(heardIn(tone(1_100, 500, 500), ms * 8)).toEqual(['calling']);
  expect(heardIn(tone(1_138, 500), ms * 8)).toEqual(['calling']);
  expect(heardIn(tone(1_062, 500), ms * 8)).toEqual(['calling']);
});

test.each([
  ['a short beep of the same note', tone(1_100, 300)],
  ['dial tone', tone(440, 3_000)],
  ['a key', tone(1_209, 1_000).map((sample, i) => sample + tone(697, 1_000)[i]!)],
  ['a neighbouring note', tone(1_300, 3_000)],
  ['silence', silence(3_000)],
  ['what nobody could hear', tone(1_100, 3_000, 60)],
  ['speech-like noise', voice(7, 20).map((sample) => sample * 20_000)],
])('no fax: %s', (_, samples) => {
  expect(heardIn(samples)).toEqual([]);
});
