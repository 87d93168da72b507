/** The certificate of the TLS listener: judged before a carrier sees it, and read anew when its files change. */
import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { TlsServer } from '@denwaban/telephony';
import type { Settings } from './services.js';
import type { SettingName } from './setting-table.js';
import type { RenewablePair } from './renewed-pairs.js';
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

/** What of the listener's files was renewed is shown without a restart. @param server what it shows; written to */
export const pairOfListener = (files: NonNullable<Settings['sipTls']>, server: TlsServer): RenewablePair => ({
  ...files,
  shown: server,
  async read() {
    const { server: found, warnings } = await readSipTls({ sipTls: files }, Date.now());
    return { cert: found?.cert ?? '', key: found?.key ?? '', warnings };
  },
});

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
