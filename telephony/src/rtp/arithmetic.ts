/** How far `a` is after `b` among 16-bit sequence numbers: -32 768 … 32 767 (RFC 1982 in spirit). */
export function sequencesApart(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

/** How far `a` is after `b` among 32-bit timestamps, in ticks: -2^31 … 2^31-1. */
export function ticksApart(a: number, b: number): number {
  return (a - b) | 0;
}

/** G.711 and telephone-event both run at 8 kHz. */
export const ticksPerMs = 8;
