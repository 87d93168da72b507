/** Numbers of 32 bits that begin anywhere and wrap: TSNs and request numbers (RFC 9260 §1.6, RFC 1982). */
export const following = (n: number): number => (n + 1) >>> 0;
export const preceding = (n: number): number => (n - 1) >>> 0;

/** How far `a` is ahead of `b`; negative where it is behind. */
export const apart = (a: number, b: number): number => (a - b) | 0;
