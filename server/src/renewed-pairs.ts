/** Certificates whose files change while we run: a renewed one is judged, and shown without a restart. */
import { stat } from 'node:fs/promises';
import type { TrunkTls } from '@denwaban/telephony';

type TlsIdentity = NonNullable<TrunkTls['own']>;

export interface RenewablePair {
  certFile: string;
  keyFile: string;
  /** What is shown of them; written to, and looked at for each new connection. */
  shown: TlsIdentity;
  /** What the files hold now. @throws StartError when that is of no use */
  read(): Promise<TlsIdentity & { warnings: string[] }>;
}

type Say = (level: 'info' | 'warn' | 'error', message: string) => void;

/** How often the files are looked at. Not watched: who renews puts new files or links in their place, each in its own way. */
const lookMs = 15_000;

/** @returns what ends it */
export function keepPairs(pairs: readonly RenewablePair[], log: Say): () => void {
  const looks = pairs.map((pair) => watchPair(pair, log));
  const lookAll = () => void Promise.all(looks.map((look) => look()));
  lookAll();
  const timer = setInterval(lookAll, lookMs);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * What changed is judged once it has stood still from one look to the next, for certificate and key are not written in one; what
 * is bad is said once, and the old pair goes on to be shown.
 *
 * @returns one look at the files; it never rejects
 */
export function watchPair(pair: RenewablePair, log: Say): () => Promise<void> {
  const { certFile, shown } = pair;
  let judged: string | null = null;
  let seen = '';
  return async () => {
    const now = await signatureOf(pair);
    judged ??= now;
    const still = now === seen;
    seen = now;
    if (!still || now === judged) return;
    judged = now;
    try {
      const { cert, key, warnings } = await pair.read();
      if (cert === shown.cert && key === shown.key) return;
      Object.assign(shown, { cert, key });
      log('info', `sip: the renewed certificate of ${certFile} is shown from now on`);
      for (const warning of warnings) log('warn', `sip: ${warning}`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log('error', `sip: the new certificate is of no use, so the old one goes on to be shown. ${why}`);
    }
  };
}

/** Differs whenever either file was written, or another was put in its place. */
async function signatureOf({ certFile, keyFile }: RenewablePair): Promise<string> {
  const of = async (file: string) => {
    const found = await stat(file, { bigint: true }).catch(() => null);
    return found === null ? 'none' : `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
  };
  return `${await of(certFile)}, ${await of(keyFile)}`;
}
