/** Certificates of a trunk: whom we believe, what we show, what we ask for. Judged at start, not when a carrier sees them. */
import path from 'node:path';
import type { Trunk, TrunkTls } from '@denwaban/telephony';
import { StartError } from '../store/start-error.js';
import { judgePair, type PairProblem } from '../tls-pair.js';
import { read, warnOfReaders, type House } from './files.js';
import type { TrunkEntry } from './schema.js';

type Entry = NonNullable<TrunkEntry['tls']>;

/** Time enough to renew it by hand. */
const soonMs = 14 * 86_400_000;

/** @throws StartError `bad-trunks` */
export async function tlsOf(id: string, { ca, verify, cert, key }: Entry, house: House): Promise<TrunkTls> {
  const own = cert === undefined || key === undefined ? null : await ownOf(id, { cert, key }, house);
  const authorities = ca === undefined ? null : await authoritiesOf(`${id}: tls.ca`, ca, house);
  return { ca: authorities, verify, ...(own === null ? {} : { own }) };
}

/** @throws StartError `bad-trunks` */
export async function demandOf(
  id: string,
  { subject, ca }: NonNullable<TrunkEntry['inbound']['tls']>,
  house: House,
): Promise<NonNullable<Trunk['inbound']['tls']>> {
  const names = typeof subject === 'string' ? [subject] : subject;
  return { names, ca: ca === undefined ? null : await authoritiesOf(`${id}: inbound.tls.ca`, ca, house) };
}

async function authoritiesOf(wanted: string, name: string, { dataDir }: House): Promise<string> {
  const file = path.resolve(dataDir, name);
  const ca = await read(file, wanted);
  if (ca?.includes('-----BEGIN CERTIFICATE-----')) return ca;
  throw new StartError('bad-trunks', `${wanted}: ${file} holds no certificate in PEM. Give one that does.`);
}

/** What is read here at start may be renewed later, and is then written into. */
async function ownOf(
  id: string,
  files: { cert: string; key: string },
  { dataDir, warnings, pairs }: House,
): Promise<NonNullable<TrunkTls['own']>> {
  const [certFile, keyFile] = [path.resolve(dataDir, files.cert), path.resolve(dataDir, files.key)];
  const readNow = () => identityOf(id, certFile, keyFile);
  const { warnings: found, ...shown } = await readNow();
  warnings.push(...found);
  pairs.push({ certFile, keyFile, shown, read: readNow });
  return shown;
}

/** @throws StartError `bad-trunks` */
async function identityOf(
  id: string,
  certFile: string,
  keyFile: string,
): Promise<NonNullable<TrunkTls['own']> & { warnings: string[] }> {
  const warnings: string[] = [];
  const cert = (await read(certFile, `${id}: tls.cert`)) ?? '';
  const key = (await read(keyFile, `${id}: tls.key`)) ?? '';
  const judged = judgePair(cert, key);
  if (judged.problem !== null) {
    const problems: Record<PairProblem, string> = {
      'no-certificate': `tls.cert: ${certFile} holds no certificate in PEM`,
      'no-key': `tls.key: ${keyFile} holds no private key in PEM, or one with a passphrase`,
      'not-a-pair': `tls.key: ${keyFile} is not the key of the certificate in ${certFile}`,
    };
    throw new StartError('bad-trunks', `${id}: ${problems[judged.problem]}. Correct it.`);
  }
  const { validTo } = judged;
  const leftMs = Date.parse(validTo) - Date.now();
  if (leftMs < soonMs) {
    const when = leftMs < 0 ? 'is over since' : 'is over on';
    warnings.push(`${id}: tls.cert: ${certFile} ${when} ${validTo}; renew it`);
  }
  await warnOfReaders(keyFile, warnings, 'a private key');
  return { cert, key, warnings };
}
