/** Digest arithmetic (RFC 7616 §3.4; RFC 8760 brings SHA-256 to SIP). Strings are byte strings. Pure. */
import { createHash } from 'node:crypto';
import { toWire } from '../message.js';

/** Strongest first. The `-sess` variants bind the password's hash to one nonce pair. */
export const algorithms = ['SHA-256', 'SHA-256-sess', 'MD5', 'MD5-sess'] as const;
export type Algorithm = (typeof algorithms)[number];

/** The name as headers write it, in any case; a challenge without one means MD5 (RFC 7616 §3.3). */
export function algorithmOf(name: string | null): Algorithm | null {
  if (name === null || name === '') return 'MD5';
  return algorithms.find((known) => known.toLowerCase() === name.toLowerCase()) ?? null;
}

export function digest(algorithm: Algorithm, text: string | Uint8Array): string {
  const hash = createHash(algorithm.startsWith('SHA-256') ? 'sha256' : 'md5');
  return (typeof text === 'string' ? hash.update(text, 'latin1') : hash.update(text)).digest('hex');
}

/**
 * What a server may keep in place of the password: of the same worth to a thief for this realm, but for no other.
 *
 * @param user a byte string, as the credentials have it
 * @param password text; hashed as UTF-8 (RFC 7616 §4)
 */
export function secretOf(algorithm: Algorithm, user: string, realm: string, password: string): string {
  return digest(algorithm, `${user}:${realm}:${toWire(password)}`);
}

export interface DigestInput {
  algorithm: Algorithm;
  /** `secretOf` with the same algorithm. */
  secret: string;
  method: string;
  /** As it stands in the credentials. */
  uri: string;
  nonce: string;
  /** Null: the form of RFC 2069, without count and client nonce. */
  qop: 'auth' | 'auth-int' | null;
  /** Eight hex digits. */
  nc: string;
  cnonce: string;
  body: string;
}

/** The `response` parameter. */
export function digestResponse(input: DigestInput): string {
  const { algorithm, nonce, nc, cnonce, qop } = input;
  const a1 = algorithm.endsWith('-sess') ? digest(algorithm, `${input.secret}:${nonce}:${cnonce}`) : input.secret;
  const content = qop === 'auth-int' ? `:${digest(algorithm, Buffer.from(input.body, 'latin1'))}` : '';
  const a2 = digest(algorithm, `${input.method}:${input.uri}${content}`);
  return digest(algorithm, qop === null ? `${a1}:${nonce}:${a2}` : `${a1}:${nonce}:${nc}:${cnonce}:${qop}:${a2}`);
}
