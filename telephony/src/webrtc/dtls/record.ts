/**
 * The records of a DTLS 1.2 datagram (RFC 6347 §4.1), as far as they lie open:
 *
 *     type u8 | version u16 | epoch u16 | sequence u48 | length u16 | fragment
 */
export const recordHeaderBytes = 13;
/** Change cipher spec, alert, handshake, application data. */
const [typeMin, typeMax] = [20, 23];
const fragmentBytesMax = 2 ** 14 + 256;
/** Nonce and tag of AES-GCM, the only kind of cipher that we agree to (RFC 5288 §3). */
const sealedBytesMin = 24;

/** Where the record that begins at `at` ends; beyond the datagram's end it is none. */
export const recordEnd = (bytes: Uint8Array, at: number): number =>
  at + recordHeaderBytes + ((bytes[at + 11] ?? 0xff) << 8) + (bytes[at + 12] ?? 0xff);

/**
 * Whole records, and none but such as can be. OpenSSL would pass over most others too, but a sealed one that is shorter than what seals it
 * puts its connection out of order for good, and anybody can send that who knows an address.
 */
export function isRecords(bytes: Uint8Array): boolean {
  let at = 0;
  while (at < bytes.length) {
    const end = recordEnd(bytes, at);
    const fragmentBytes = end - at - recordHeaderBytes;
    const type = bytes[at]!;
    if (end > bytes.length || type < typeMin || type > typeMax) return false;
    const isSealed = bytes[at + 3] !== 0 || bytes[at + 4] !== 0;
    if (fragmentBytes > fragmentBytesMax || (isSealed && fragmentBytes < sealedBytesMin)) return false;
    at = end;
  }
  return at > 0;
}
