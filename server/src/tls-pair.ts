/** A certificate and its key, as files give them. */
import { createPrivateKey, X509Certificate } from 'node:crypto';

export type PairProblem = 'no-certificate' | 'no-key' | 'not-a-pair';

/** What is wrong with the pair, else until when its certificate holds (as OpenSSL writes it). A key with a passphrase is none. */
export function judgePair(cert: string, key: string): { problem: PairProblem } | { problem: null; validTo: string } {
  let shown: X509Certificate;
  try {
    shown = new X509Certificate(cert);
  } catch {
    return { problem: 'no-certificate' };
  }
  try {
    const own = createPrivateKey(key);
    return shown.checkPrivateKey(own) ? { problem: null, validTo: shown.validTo } : { problem: 'not-a-pair' };
  } catch {
    return { problem: 'no-key' };
  }
}
