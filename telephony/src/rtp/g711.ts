/**
 * G.711 by table: µ-law and A-law bytes to 16-bit linear, and each to the other. Decoding two tables of 256 entries costs
 * nothing; the direct µ↔A tables keep a transcoded call at one lookup per sample.
 */
export type Codec = 'PCMU' | 'PCMA';

/** Static payload types (RFC 3551 §6). */
export const payloadTypeOf: Readonly<Record<Codec, number>> = { PCMU: 0, PCMA: 8 };

export function codecOf(payloadType: number): Codec | null {
  return payloadType === 0 ? 'PCMU' : payloadType === 8 ? 'PCMA' : null;
}

export const ulawSilence = 0xff;
export const alawSilence = 0xd5;

function ulawExpand(byte: number): number {
  const inverted = ~byte & 0xff;
  const magnitude = (((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4);
  return (inverted & 0x80) !== 0 ? 0x84 - magnitude : magnitude - 0x84;
}

function alawExpand(byte: number): number {
  const even = byte ^ 0x55;
  const segment = (even & 0x70) >> 4;
  const mantissa = (even & 0x0f) << 4;
  const magnitude = segment === 0 ? mantissa + 8 : (mantissa + 0x108) << (segment - 1);
  return (even & 0x80) !== 0 ? magnitude : -magnitude;
}

/** 16-bit linear to µ-law, G.711 §3 with the usual 14-bit bias and clip. */
export function toUlaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32_635) + 0x84;
  const segment = 31 - Math.clz32(magnitude) - 7;
  const mantissa = (magnitude >> (segment + 3)) & 0x0f;
  return ~(sign | (segment << 4) | mantissa) & 0xff;
}

/** 16-bit linear to A-law. */
export function toAlaw(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  const magnitude = Math.min(sample >= 0 ? sample : ~sample, 32_767) >> 3;
  const segment = magnitude < 32 ? 0 : 31 - Math.clz32(magnitude) - 4;
  const mantissa = (segment === 0 ? magnitude >> 1 : magnitude >> segment) & 0x0f;
  return (sign | (segment << 4) | mantissa) ^ 0x55;
}

export const ulawToLinear = Int16Array.from({ length: 256 }, (_, byte) => ulawExpand(byte));
export const alawToLinear = Int16Array.from({ length: 256 }, (_, byte) => alawExpand(byte));
const ulawToAlaw = Uint8Array.from({ length: 256 }, (_, byte) => toAlaw(ulawToLinear[byte]!));
const alawToUlaw = Uint8Array.from({ length: 256 }, (_, byte) => toUlaw(alawToLinear[byte]!));

export function linearTable(codec: Codec): Int16Array {
  return codec === 'PCMU' ? ulawToLinear : alawToLinear;
}

/** Rewrites `bytes` in place from one law to the other. */
export function transcode(bytes: Uint8Array, from: Codec, start = 0, end = bytes.length): void {
  const table = from === 'PCMU' ? ulawToAlaw : alawToUlaw;
  for (let i = start; i < end; i++) bytes[i] = table[bytes[i]!]!;
}
