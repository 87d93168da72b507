/**
 * The programs that the tests with real peers need. On Debian and Ubuntu as root they are installed; elsewhere the suites that
 * need them skip themselves, and the run says so.
 */
import { existsSync } from 'node:fs';
import { step } from './progress.mjs';
import { run } from './run.mjs';

/** Debian's package → what it is for. */
export const osPackages = {
  chromium: 'the agents’ browser',
  'sip-tester': 'sipp, a SIP test instrument',
  baresip: 'a telephone that nobody here wrote',
  coturn: 'a TURN server, for agents off the LAN',
  'dnsmasq-base': 'names for trunks to be found by',
  sipvicious: 'tools that look for telephone systems',
  sox: 'audio files',
  'espeak-ng': 'speech for the telephones',
  'fonts-noto-cjk': 'Japanese letters in screenshots',
};

async function missingPackages() {
  const names = Object.keys(osPackages);
  const { output } = await run('dpkg-query', ['-W', '-f=${Package} ${db:Status-Status}\n', ...names]);
  const there = new Set(
    output
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return names.filter((name) => !there.has(name));
}

/** @returns {Promise<string[]>} what a person should know about peers that are not there */
export async function installOsPackages() {
  if (!existsSync('/etc/debian_version')) {
    return [
      `Peers are installed by themselves on Debian and Ubuntu only. Here, put these on the path: ${Object.keys(osPackages).join(', ')}.`,
    ];
  }
  const missing = await missingPackages();
  if (missing.length === 0) return [];
  const command = `apt-get install --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0)
    return [`Not root, so these were not installed: ${missing.join(', ')}. As root: ${command}`];
  const label = { en: `Installing ${missing.join(', ')}`, ja: `${missing.join('、')} をインストールしています` };
  return await step(label, async () => {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    const update = await run('apt-get', ['update', '-q'], { env });
    const { code, output } = await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing], {
      env,
    });
    if (code === 0) return [];
    const last = (update.code === 0 ? output : update.output).trim().split('\n').slice(-3).join(' | ');
    return [`${command} failed: ${last}`];
  });
}
