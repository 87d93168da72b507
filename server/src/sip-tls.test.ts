/** Certificates of one's own are judged at start; a carrier would only hang up. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSipTls } from './sip-tls.js';

const hasOpenssl = spawnSync('openssl', ['version'], { stdio: 'ignore' }).error === undefined;
const day = 86_400_000;

describe.skipIf(!hasOpenssl)('[TRK3] the certificate of the TLS listener (skipped where openssl is missing)', () => {
  let folder: string;
  const file = (name: string) => join(folder, name);
  const read = (certFile: string, keyFile: string, now = Date.now()) =>
    readSipTls({ sipTls: { port: 5061, certFile: file(certFile), keyFile: file(keyFile) } }, now);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'denwaban-sip-tls-'));
    for (const name of ['one', 'two']) {
      const args = [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '30',
      ];
      const paths = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`), '-subj', '/CN=sip.test'];
      execFileSync('openssl', [...args, ...paths], { stdio: 'pipe' });
      chmodSync(file(`${name}.key`), 0o600);
    }
    writeFileSync(file('empty'), '');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('[TRK3] a good pair is taken without a word; near and after its end there is one', async () => {
    expect(await readSipTls({ sipTls: null }, 0)).toEqual({ server: null, warnings: [] });
    const { server, warnings } = await read('one.pem', 'one.key');
    expect(server).toMatchObject({ port: 5061, cert: expect.stringContaining('BEGIN CERTIFICATE') });
    expect(warnings).toEqual([]);
    expect((await read('one.pem', 'one.key', Date.now() + 20 * day)).warnings.join()).toMatch(/is over on .* renew/);
    expect((await read('one.pem', 'one.key', Date.now() + 31 * day)).warnings.join()).toMatch(/is over since/);
    chmodSync(file('one.key'), 0o644);
    expect((await read('one.pem', 'one.key')).warnings.join()).toMatch(/chmod 600/);
  });

  test.each([
    ['gone.pem', 'one.key', /DENWABAN_SIP_TLS_CERT: .*is not there/],
    ['empty', 'one.key', /DENWABAN_SIP_TLS_CERT: .*no certificate/],
    ['one.pem', 'one.pem', /DENWABAN_SIP_TLS_KEY: .*no private key/],
    ['one.pem', 'two.key', /is not the key of the certificate/],
  ])('[TRK3] %s with %s is refused by name', async (cert, key, words) => {
    await expect(read(cert, key)).rejects.toThrow(words);
  });
});
