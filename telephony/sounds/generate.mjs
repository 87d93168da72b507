#!/usr/bin/env node
/**
 * Makes the sounds of the house: raw µ-law, 8 kHz, mono. Nothing here is borrowed: the tones follow the Japanese network's
 * ring-back, the music is composed below, the announcements are spoken by espeak-ng.
 *
 *   node telephony/sounds/generate.mjs          needs espeak-ng and sox on the path, only to make the announcements anew
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';

const rate = 8000;
const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;

/** Ring-back as heard in Japan: 400 Hz, modulated with 16 Hz, one second on, two seconds off. */
function ringBack() {
  const samples = new Float64Array(3 * rate);
  for (let i = 0; i < rate; i++) {
    const t = i / rate;
    const edge = Math.min(1, t / 0.008, (1 - t) / 0.008);
    samples[i] = 0.16 * edge * (0.5 + 0.5 * Math.sin(2 * Math.PI * 16 * t)) * Math.sin(2 * Math.PI * 400 * t);
  }
  return samples;
}

/**
 * Hold music: eight bars of 3.2 s, a slow pentatonic melody over four open chords. Tones are struck bars with a soft second
 * partial; what rings past the end rings into the beginning, so the loop has no seam.
 */
function holdMusic() {
  const beat = 0.8;
  const seconds = 32 * beat;
  const samples = new Float64Array(Math.round(seconds * rate));
  const strike = (midi, atBeats, seconds, level) => {
    const f = 440 * 2 ** ((midi - 69) / 12);
    const from = Math.round(atBeats * beat * rate);
    const length = Math.round(seconds * rate);
    for (let i = 0; i < length; i++) {
      const t = i / rate;
      const envelope = Math.min(1, t / 0.012) * Math.exp((-3.2 * t) / seconds) * Math.min(1, (length - i) / 400);
      const tone =
        Math.sin(2 * Math.PI * f * t) +
        0.28 * Math.exp(-2.5 * t) * Math.sin(2 * Math.PI * 2 * f * t) +
        0.1 * Math.exp(-6 * t) * Math.sin(2 * Math.PI * 3.01 * f * t);
      samples[(from + i) % samples.length] += level * envelope * tone;
    }
  };
  // Chords, one for two bars each: D, B minor, G, A with the fourth, gently rolled. Nothing below 190 Hz: a telephone would not
  // carry it, and the level would go into what nobody hears.
  const chords = [
    [57, 62, 66, 69],
    [59, 62, 66, 71],
    [55, 59, 62, 67],
    [57, 62, 64, 69],
  ];
  chords.forEach((chord, n) => {
    for (const half of [0, 4]) {
      chord.forEach((midi, i) => strike(midi, n * 8 + half + i * 0.5, 3.6, i === 0 ? 0.5 : 0.3));
    }
  });
  // Melody on D E F# A B: [beat, note, seconds]. Rests are part of it.
  const melody = [
    [0, 78, 2],
    [2, 76, 1.5],
    [3, 74, 2],
    [5, 69, 1.5],
    [6, 71, 2.4],
    [8, 74, 2],
    [10, 71, 1.5],
    [11, 69, 1.5],
    [12, 66, 2.6],
    [15, 69, 1],
    [16, 71, 2],
    [18, 74, 1.5],
    [19, 76, 1.5],
    [20, 74, 2],
    [22, 71, 2],
    [24, 76, 2],
    [26, 78, 1.5],
    [27, 76, 1.5],
    [28, 69, 3],
    [31, 76, 1],
  ];
  for (const [at, midi, length] of melody) strike(midi, at, length, 0.42);
  return toLevel(samples, -20);
}

/** Scales to an RMS level in dBFS and keeps the peaks below full scale. */
function toLevel(samples, dbfs) {
  const rms = Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length);
  const gain = 10 ** (dbfs / 20) / rms;
  return samples.map((s) => Math.tanh(s * gain * 1.05) / 1.05);
}

/** Speech: Japanese, half a second, English; band-limited and levelled by sox. */
function announcement(japanese, english) {
  const folder = mkdtempSync(join(tmpdir(), 'denwaban-sounds-'));
  try {
    const file = (name) => join(folder, name);
    execFileSync('espeak-ng', ['-v', 'ja', '-s', '150', '-p', '55', '-w', file('ja.wav'), japanese]);
    execFileSync('espeak-ng', ['-v', 'en-gb', '-s', '155', '-p', '50', '-w', file('en.wav'), english]);
    for (const part of ['ja', 'en']) {
      execFileSync('sox', [
        file(`${part}.wav`),
        '-r',
        '8000',
        '-b',
        '16',
        file(`${part}8.wav`),
        'silence',
        '1',
        '0.01',
        '0.5%',
        'pad',
        '0',
        '0.5',
      ]);
    }
    execFileSync('sox', [
      file('ja8.wav'),
      file('en8.wav'),
      '-t',
      's16',
      file('all.raw'),
      'highpass',
      '200',
      'lowpass',
      '3400',
      'compand',
      '0.05,0.3',
      '-50,-26,-20,-16,0,-10',
      'norm',
      '-6',
    ]);
    const raw = execFileSync('cat', [file('all.raw')], { maxBuffer: 64 << 20 });
    return Float64Array.from({ length: raw.length >> 1 }, (_, i) => raw.readInt16LE(2 * i) / 32768);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function toUlaw(sample) {
  const value = Math.round(Math.max(-1, Math.min(1, sample)) * 32767);
  const magnitude = Math.min(Math.abs(value), 32635) + 0x84;
  const segment = 31 - Math.clz32(magnitude) - 7;
  return ~((value < 0 ? 0x80 : 0) | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)) & 0xff;
}

const sounds = {
  'ring-back': ringBack,
  'hold-music': holdMusic,
  'announcement-reconnecting': () =>
    announcement('おつなぎなおしています。そのままおまちください。', 'We are reconnecting you. Please hold the line.'),
  'announcement-closing': () =>
    announcement(
      'ただいま、でんわが つながりにくくなっています。おそれいりますが、しばらくしてから おかけなおしください。',
      'We are sorry that we cannot take your call right now. Please call again a little later.',
    ),
};

for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(sounds)) {
  writeFileSync(join(here, `${name}.ul`), Uint8Array.from(sounds[name](), toUlaw));
}
