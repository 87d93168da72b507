/** The certificate of the TLS listener: judged before a carrier sees it, and taken up anew when its files change. */
import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { TlsServer } from '@denwaban/telephony';
import type { Settings } from './services.js';
import type { SettingName } from './setting-table.js';
import { StartError } from './store/start-error.js';
import { judgePair, type PairProblem } from './tls-pair.js';

/** Time enough to renew it by hand. */
const soonMs = 14 * 86_400_000;

/**
 * @returns null without a listener; `warnings` are lines for the log
 * @throws StartError `bad-certificate`
 */
export async function readSipTls(
  { sipTls }: Pick<Settings, 'sipTls'>,
  now: number,
): Promise<{ server: TlsServer | null; warnings: string[] }> {
  if (sipTls === null) return { server: null, warnings: [] };
  const { port, certFile, keyFile } = sipTls;
  const cert = await read('DENWABAN_SIP_TLS_CERT', certFile);
  const key = await read('DENWABAN_SIP_TLS_KEY', keyFile);
  const judged = judgePair(cert, key);
  if (judged.problem !== null) {
    const problems: Record<PairProblem, [SettingName, string]> = {
      'no-certificate': ['DENWABAN_SIP_TLS_CERT', `${certFile} holds no certificate in PEM.`],
      'no-key': ['DENWABAN_SIP_TLS_KEY', `${keyFile} holds no private key in PEM, or one with a passphrase.`],
      'not-a-pair': ['DENWABAN_SIP_TLS_KEY', `${keyFile} is not the key of the certificate in ${certFile}.`],
    };
    throw bad(...problems[judged.problem]);
  }
  const { validTo } = judged;
  const warnings: string[] = [];
  const until = Date.parse(validTo);
  if (until < now) warnings.push(`${certFile}: the certificate is over since ${validTo}; carriers will refuse it`);
  else if (until - now < soonMs) warnings.push(`${certFile}: the certificate is over on ${validTo}; renew it`);
  const mode = (await stat(keyFile).catch(() => null))?.mode ?? 0;
  if ((mode & 0o077) !== 0 && process.platform !== 'win32') {
    warnings.push(`${keyFile} is a private key and can be read by others on this machine: chmod 600 it`);
  }
  return { server: { port, cert, key }, warnings };
}

/** Is the certificate of this host? `cert` was judged before. */
export const isNamed = (cert: string, host: string): boolean => new X509Certificate(cert).checkHost(host) !== undefined;

type Files = NonNullable<Settings['sipTls']>;
type Say = (level: 'info' | 'warn' | 'error', message: string) => void;

/** How often the files are looked at. Not watched: who renews puts new files or links in their place, each in its own way. */
const lookMs = 15_000;

/**
 * Has a renewed certificate shown without a restart. What changed is judged once it has stood still from one look to the next, for
 * certificate and key are not written in one; what is bad is said once, and the old pair goes on to be shown.
 *
 * @param server what the listener shows; written to
 * @returns what ends it
 */
export function keepSipTls(files: Files, server: TlsServer, log: Say): () => void {
  const look = watchSipTls(files, server, log);
  void look();
  const timer = setInterval(() => void look(), lookMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** @returns one look at the files; it never rejects */
export function watchSipTls(files: Files, server: TlsServer, log: Say): () => Promise<void> {
  let judged: string | null = null;
  let seen = '';
  return async () => {
    const now = await signatureOf(files);
    judged ??= now;
    const still = now === seen;
    seen = now;
    if (!still || now === judged) return;
    judged = now;
    try {
      const { server: renewed, warnings } = await readSipTls({ sipTls: files }, Date.now());
      if (renewed === null || (renewed.cert === server.cert && renewed.key === server.key)) return;
      Object.assign(server, renewed);
      log('info', `sip: the renewed certificate of ${files.certFile} is shown from now on`);
      for (const warning of warnings) log('warn', `sip: ${warning}`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log('error', `sip: the new certificate is of no use, so the old one goes on to be shown. ${why}`);
    }
  };
}

/** Differs whenever either file was written, or another was put in its place. */
async function signatureOf({ certFile, keyFile }: Files): Promise<string> {
  const of = async (file: string) => {
    const found = await stat(file, { bigint: true }).catch(() => null);
    return found === null ? 'none' : `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
  };
  return `${await of(certFile)}, ${await of(keyFile)}`;
}

async function read(setting: SettingName, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw bad(setting, `${file} ${missing ? 'is not there' : 'cannot be read'}.`);
  }
}

const bad = (setting: SettingName, what: string) =>
  new StartError('bad-certificate', `${setting}: ${what} Correct it, or unset both to do without TLS.`);
