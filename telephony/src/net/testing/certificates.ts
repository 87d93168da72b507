/** A certificate authority of a test's own, by openssl. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const hasOpenssl = spawnSync('openssl', ['version'], { stdio: 'ignore' }).error === undefined;

export interface Identity {
  cert: string;
  key: string;
}

/** @returns an authority that signs for the names it is asked for: `DNS:sip.test`, `IP:127.0.0.1`, `URI:sip:sip.test` */
export function makeAuthority(): Identity & { sign(alternatives: string[], days?: number): Identity } {
  const folder = mkdtempSync(join(tmpdir(), 'denwaban-ca-'));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  try {
    const elliptic = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    openssl(
      'req',
      '-x509',
      ...elliptic,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '2',
      '-subj',
      '/CN=test authority',
    );
    const authority = { cert: readFileSync(at('ca.pem'), 'utf8'), key: readFileSync(at('ca.key'), 'utf8') };
    return {
      ...authority,
      sign(alternatives, days = 2) {
        const own = mkdtempSync(join(tmpdir(), 'denwaban-cert-'));
        const here = (...args: string[]) => execFileSync('openssl', args, { cwd: own, stdio: 'pipe' });
        try {
          writeFileSync(join(own, 'ca.pem'), authority.cert);
          writeFileSync(join(own, 'ca.key'), authority.key, { mode: 0o600 });
          writeFileSync(join(own, 'ext'), `subjectAltName=${alternatives.join(',')}\n`);
          here('req', ...elliptic, '-keyout', 'key', '-out', 'csr', '-subj', '/CN=nobody');
          const signing = [
            '-CA',
            'ca.pem',
            '-CAkey',
            'ca.key',
            '-CAcreateserial',
            '-extfile',
            'ext',
            '-days',
            String(days),
          ];
          here('x509', '-req', '-in', 'csr', '-out', 'cert', ...signing);
          return { cert: readFileSync(join(own, 'cert'), 'utf8'), key: readFileSync(join(own, 'key'), 'utf8') };
        } finally {
          rmSync(own, { recursive: true, force: true });
        }
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
