/** Remainders of single bytes, for the polynomial 0x1EDC6F41 with its bits turned round. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0x82f63b78 : rest >>> 1;
  return rest;
});

/**
 * CRC32c (RFC 9260 appendix A) of `bytes[start, end)`. In a packet it stands with its lowest byte first.
 *
 * @param before the CRC of what comes before them
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, before = 0): number {
  let rest = ~before;
  for (let i = start; i < end; i++) rest = table[(rest ^ bytes[i]!) & 0xff]! ^ (rest >>> 8);
  return ~rest >>> 0;
}
