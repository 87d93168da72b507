/** WAV files and G.711 µ-law as the peers leave them behind: read into floats of −1…1, one array a channel. */
import { readFileSync, writeFileSync } from 'node:fs';

export interface Sound {
  /** Samples a second. */
  rate: number;
  channels: Float32Array[];
}

/**
 * Reads RIFF/WAVE with 16-bit PCM or µ-law. A file that is still being written, or whose writer was killed, declares a wrong
 * length in its header: what is there is read.
 */
export function readWav(path: string): Sound {
  return parseWav(readFileSync(path), path);
}

export function parseWav(file: Buffer, name = 'buffer'): Sound {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') {
    throw new Error(`${name} is no WAV file`);
  }
  let format: { tag: number; channels: number; rate: number; bits: number } | null = null;
  for (let at = 12; at + 8 <= file.length;) {
    const chunk = file.toString('latin1', at, at + 4);
    const length = file.readUInt32LE(at + 4);
    const body = at + 8;
    if (chunk === 'fmt ') {
      const tag = file.readUInt16LE(body);
      format = {
        // WAVE_FORMAT_EXTENSIBLE carries the real tag in the first bytes of its GUID.
        tag: tag === 0xfffe ? file.readUInt16LE(body + 24) : tag,
        channels: file.readUInt16LE(body + 2),
        rate: file.readUInt32LE(body + 4),
        bits: file.readUInt16LE(body + 14),
      };
    } else if (chunk === 'data') {
      if (!format) throw new Error(`${name} has no format before its data`);
      return { rate: format.rate, channels: split(file.subarray(body, Math.min(file.length, body + length)), format) };
    }
    at = body + length + (length & 1);
  }
  throw new Error(`${name} has no data`);
}

function split(data: Buffer, format: { tag: number; channels: number; bits: number }): Float32Array[] {
  const bytes = format.bits / 8;
  const frames = Math.floor(data.length / bytes / format.channels);
  const out = Array.from({ length: format.channels }, () => new Float32Array(frames));
  for (let i = 0; i < frames; i++) {
    for (const [c, channel] of out.entries()) {
      const at = (i * format.channels + c) * bytes;
      if (format.tag === 1 && format.bits === 16) channel[i] = data.readInt16LE(at) / 32768;
      else if (format.tag === 7) channel[i] = ulawTable[data[at]!]!;
      else throw new Error(`WAV format ${format.tag} with ${format.bits} bits is not read here`);
    }
  }
  return out;
}

export function writeWav(path: string, sound: Sound): void {
  const frames = sound.channels[0]?.length ?? 0;
  const count = sound.channels.length;
  const file = Buffer.alloc(44 + frames * count * 2);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(count, 22);
  file.writeUInt32LE(sound.rate, 24);
  file.writeUInt32LE(sound.rate * count * 2, 28);
  file.writeUInt16LE(count * 2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(frames * count * 2, 40);
  for (let i = 0; i < frames; i++) {
    for (const [c, channel] of sound.channels.entries()) {
      const value = Math.max(-1, Math.min(1, channel[i] ?? 0));
      file.writeInt16LE(Math.round(value * 32767), 44 + (i * count + c) * 2);
    }
  }
  writeFileSync(path, file);
}

const ulawTable = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const exponent = (bits >> 4) & 7;
  const magnitude = ((((bits & 0x0f) << 3) + 0x84) << exponent) - 0x84;
  return (bits & 0x80 ? -magnitude : magnitude) / 32768;
});

/** G.711 µ-law (ITU-T G.711 table 2a) to floats. */
export function decodeUlaw(bytes: Uint8Array): Float32Array {
  return Float32Array.from(bytes, (code) => ulawTable[code]!);
}

export function encodeUlaw(samples: Float32Array): Uint8Array {
  return Uint8Array.from(samples, (sample) => {
    const sign = sample < 0 ? 0x80 : 0;
    const magnitude = Math.min(32635, Math.round(Math.abs(sample) * 32768)) + 0x84;
    const exponent = Math.max(0, 31 - Math.clz32(magnitude) - 7);
    return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
  });
}
