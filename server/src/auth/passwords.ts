/** Passwords as argon2id hashes with the parameters OWASP recommends: 19 MiB, two passes, one lane. Runs on the thread pool. */
import { hash, verify } from '@node-rs/argon2';

// Algorithm.Argon2id; the package's enum is a const enum, which isolated modules cannot read.
const parameters = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

export const hashPassword = (password: string): Promise<string> => hash(password, parameters);

let nobodysHash: Promise<string> | null = null;

/**
 * Checks a password against a stored hash. With null (no such person) it works just as long on a hash that nothing matches, so
 * that the time of the answer does not tell which addresses exist.
 */
export async function verifyPassword(stored: string | null, password: string): Promise<boolean> {
  nobodysHash ??= hashPassword(`nobody ${Math.random()}`);
  const matches = await verify(stored ?? (await nobodysHash), password).catch(() => false);
  return stored !== null && matches;
}
