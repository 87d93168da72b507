/** CRC-32 of ITU-T V.42, as STUN's FINGERPRINT has it. Node has one since 20.15 and 22.2; we also run on 22.0. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** Of `bytes[0, end)`. */
export function crc32(bytes: Uint8Array, end: number): number {
  let rest = 0xffffffff;
  for (let i = 0; i < end; i++) rest = (rest >>> 8) ^ table[(rest ^ bytes[i]!) & 0xff]!;
  return (rest ^ 0xffffffff) >>> 0;
}
