/** Certificates of one's own are judged at start; a carrier would only hang up. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { watchPair } from './renewed-pairs.js';
import { readTrunks } from './trunks/read.js';
import { isNamed, pairOfListener, readSipTls } from './sip-tls.js';

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

  test('[TRK19] whether a certificate is of a host is told before a carrier finds it out', () => {
    const cert = readFileSync(file('one.pem'), 'utf8');
    expect([isNamed(cert, 'sip.test'), isNamed(cert, 'sbc.example.com')]).toEqual([true, false]);
  });

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

  test('[TRK3] a renewed pair is taken up when both files stand still; a broken one is said once and changes nothing', async () => {
    const put = (name: string, cert: string, key: string) => {
      if (cert !== '') copyFileSync(file(cert), file(`${name}.pem`));
      if (key !== '') copyFileSync(file(key), file(`${name}.key`));
    };
    put('live', 'one.pem', 'one.key');
    const files = { port: 5061, certFile: file('live.pem'), keyFile: file('live.key') };
    const { server } = await readSipTls({ sipTls: files }, Date.now());
    const said: string[] = [];
    const look = watchPair(pairOfListener(files, server!), (level, text) => void said.push(`${level} ${text}`));
    const shows = () => [server?.cert, server?.key];
    const pair = (name: string) => [
      readFileSync(file(`${name}.pem`), 'utf8'),
      readFileSync(file(`${name}.key`), 'utf8'),
    ];

    for (let n = 0; n < 3; n++) await look();
    expect([shows(), said]).toEqual([pair('one'), []]);

    // The certificate first, the key a look later, and that by a file put in its place.
    put('live', 'two.pem', '');
    await look();
    copyFileSync(file('two.key'), file('next.key'));
    renameSync(file('next.key'), file('live.key'));
    await look();
    expect([shows(), said]).toEqual([pair('one'), []]);
    await look();
    expect([shows(), said]).toEqual([pair('two'), [expect.stringMatching(/^info .* shown from now on$/)]]);

    said.length = 0;
    writeFileSync(file('live.pem'), 'half a file');
    for (let n = 0; n < 5; n++) await look();
    expect(shows()).toEqual(pair('two'));
    expect(said).toEqual([expect.stringMatching(/^error .*old one.*no certificate in PEM/)]);

    rmSync(file('live.pem'));
    for (let n = 0; n < 5; n++) await look();
    expect(said).toHaveLength(2);
    put('live', 'one.pem', 'one.key');
    chmodSync(file('live.key'), 0o600);
    for (let n = 0; n < 2; n++) await look();
    expect(shows()).toEqual(pair('one'));
  });

  test('[TRK18] what a trunk shows is renewed in the same way, in the very object that its connections look at', async () => {
    const data = mkdtempSync(join(folder, 'data-'));
    for (const end of ['pem', 'key']) copyFileSync(file(`one.${end}`), join(data, `us.${end}`));
    const tls = { cert: 'us.pem', key: 'us.key' };
    const entry = { id: 'tk_a', name: 'A', outbound: { host: 'a.example', transport: 'tls' }, tls };
    writeFileSync(join(data, 'trunks.json'), JSON.stringify([entry]));
    const { trunks, pairs } = await readTrunks(data, false);
    expect(pairs).toHaveLength(1);
    const said: string[] = [];
    const look = watchPair(pairs[0]!, (level, text) => void said.push(`${level} ${text}`));
    await look();
    for (const end of ['pem', 'key']) copyFileSync(file(`two.${end}`), join(data, `us.${end}`));
    await look();
    await look();
    expect(trunks[0]?.tls?.own?.cert).toBe(readFileSync(file('two.pem'), 'utf8'));
    writeFileSync(join(data, 'us.key'), 'no key');
    for (let n = 0; n < 3; n++) await look();
    expect(trunks[0]?.tls?.own?.key).toBe(readFileSync(file('two.key'), 'utf8'));
    expect(said).toEqual([
      expect.stringMatching(/^info .* shown from now on$/),
      expect.stringMatching(/^error .*tk_a: tls\.key: .* no private key/),
    ]);
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
