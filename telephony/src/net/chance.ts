/** The process's chance, drawn in large pieces: a call of its own to the system for each tag and branch costs more than all else about it. */
import { randomFillSync } from 'node:crypto';
import type { Chance } from '../sip/ports.js';

const poolBytes = 8_192;

export function pooledChance(): Chance {
  let pool = Buffer.alloc(0);
  let taken = 0;
  return (count) => {
    if (taken + count > pool.length) {
      // Never the old one filled again: what was handed out is still in somebody's hands.
      pool = randomFillSync(Buffer.allocUnsafeSlow(Math.max(poolBytes, count)));
      taken = 0;
    }
    taken += count;
    return pool.subarray(taken - count, taken);
  };
}
