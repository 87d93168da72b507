import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { settingPage, settingTable } from './setting-table.js';
import { isLoopback, readKernelPorts, readSettings, type KernelPorts } from './settings.js';

const linux: KernelPorts = { ephemeral: { min: 32_768, max: 60_999 }, reserved: [] };

function read(env: Record<string, string>, kernel = linux, cores = 2) {
  return readSettings(env, '/opt/denwaban', kernel, false, cores);
}

/** The one problem that `env` has. */
function problem(env: Record<string, string>, kernel = linux): string {
  const result = read(env, kernel);
  expect(result.ok).toBe(false);
  if (result.ok) return '';
  expect(result.problems).toHaveLength(1);
  return result.problems[0] ?? '';
}

describe('settings', () => {
  test('nothing set gives a demo installation on loopback', () => {
    expect(read({})).toEqual({
      ok: true,
      warnings: [],
      settings: {
        dataDir: '/opt/denwaban/.denwaban',
        httpPort: 8080,
        httpHost: '127.0.0.1',
        sipHost: '127.0.0.1',
        sipPort: 5060,
        sipTls: null,
        rtpPorts: { min: 20_000, max: 20_999 },
        mediaProcesses: 1,
        publicAddress: '127.0.0.1',
        publicAddress6: null,
        databaseUrl: null,
        callOutPrefixes: ['+81'],
        demo: true,
        turn: null,
        logLevel: 'info',
      },
    });
  });

  test.each([
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 2],
    [8, 4],
    [64, 8],
  ])('%i cores get %i media processes', (cores, processes) => {
    expect(read({}, linux, cores)).toMatchObject({ settings: { mediaProcesses: processes } });
  });

  test('each media process needs ports of its own', () => {
    const few = { DENWABAN_RTP_PORTS: '20000-20019' };
    expect(read({ ...few, DENWABAN_MEDIA_PROCESSES: '2' }).ok).toBe(true);
    expect(problem({ ...few, DENWABAN_MEDIA_PROCESSES: '3' })).toContain('DENWABAN_MEDIA_PROCESSES');
  });

  test('certificate and key of TLS come together, on a port of their own', () => {
    const pair = { DENWABAN_SIP_TLS_CERT: 'cert.pem', DENWABAN_SIP_TLS_KEY: '/etc/key.pem' };
    expect(read(pair)).toMatchObject({
      settings: { sipTls: { port: 5061, certFile: expect.stringMatching(/\/cert\.pem$/), keyFile: '/etc/key.pem' } },
    });
    expect(read({ DENWABAN_SIP_TLS_KEY: 'key.pem' })).toMatchObject({ problems: [expect.stringMatching(/TLS_CERT/)] });
    expect(read({ ...pair, DENWABAN_SIP_TLS_PORT: '5060' })).toMatchObject({
      problems: [expect.stringMatching(/SIP port/)],
    });
  });

  test('a blank value is an unset one', () => {
    expect(read({ DENWABAN_HTTP_PORT: '', DENWABAN_DEMO: ' ' })).toEqual(read({}));
  });

  test('every problem is told at once, each naming its variable', () => {
    const result = read({
      DENWABAN_HTTP_PORT: 'web',
      DENWABAN_SIP_PORT: '70000',
      DENWABAN_LOG_LEVEL: 'loud',
      DENWABAN_DEMO: 'maybe',
    });
    expect(result.ok).toBe(false);
    if (result.ok) return;
    const names = result.problems.map((line) => line.split(':')[0]);
    expect(names.sort()).toEqual(['DENWABAN_DEMO', 'DENWABAN_HTTP_PORT', 'DENWABAN_LOG_LEVEL', 'DENWABAN_SIP_PORT']);
  });

  test.each([
    ['DENWABAN_HTTP_PORT', '0'],
    ['DENWABAN_HTTP_PORT', '8080 '.repeat(2)],
    ['DENWABAN_HTTP_PORT', '-1'],
    ['DENWABAN_HTTP_HOST', 'not a host'],
    ['DENWABAN_SIP_HOST', 'sip.example.com'],
    ['DENWABAN_PUBLIC_ADDRESS', '2001:db8::1'],
    ['DENWABAN_PUBLIC_ADDRESS', '203.0.113.5,203.0.113.6'],
    ['DENWABAN_PUBLIC_ADDRESS', '300.1.1.1'],
    ['DENWABAN_PUBLIC_ADDRESS', '0.0.0.0'],
    ['DENWABAN_RTP_PORTS', '20000'],
    ['DENWABAN_RTP_PORTS', '20999-20000'],
    ['DENWABAN_RTP_PORTS', '20000-20999-3'],
    ['DENWABAN_RTP_PORTS', '20000-20005'],
    ['DENWABAN_RTP_PORTS', '5000-5999'],
    ['DENWABAN_MEDIA_PROCESSES', '0'],
    ['DENWABAN_MEDIA_PROCESSES', '17'],
    ['DENWABAN_MEDIA_PROCESSES', 'many'],
    ['DATABASE_URL', 'mysql://localhost/x'],
    ['DATABASE_URL', 'localhost:5432'],
    ['DENWABAN_DEMO', 'maybe'],
    ['DENWABAN_NATIVE_SOCKETS', 'maybe'],
    ['DENWABAN_WEBRTC', 'theirs'],
    ['DENWABAN_LOG_LEVEL', 'INFO'],
  ])('%s=%s is refused in one line that names it', (name, value) => {
    const line = problem({ [name]: value });
    expect(line.startsWith(`${name}: `)).toBe(true);
    expect(line).not.toContain('\n');
  });

  test('binding SIP to every interface needs an address to be reached at', () => {
    expect(problem({ DENWABAN_SIP_HOST: '0.0.0.0' })).toMatch(/^DENWABAN_PUBLIC_ADDRESS: .*needed/);
    expect(read({ DENWABAN_SIP_HOST: '0.0.0.0', DENWABAN_PUBLIC_ADDRESS: '203.0.113.5' }).ok).toBe(true);
  });

  test('IPv6: its own address, or every interface with an address of either kind', () => {
    expect(read({ DENWABAN_SIP_HOST: '::1' })).toMatchObject({
      settings: { publicAddress: '::1', publicAddress6: '::1' },
    });
    const both = { DENWABAN_SIP_HOST: '::', DENWABAN_PUBLIC_ADDRESS: '203.0.113.5, 2001:db8::5' };
    expect(read(both)).toMatchObject({ settings: { publicAddress: '203.0.113.5', publicAddress6: '2001:db8::5' } });
    expect(problem({ DENWABAN_SIP_HOST: '::' })).toMatch(/^DENWABAN_PUBLIC_ADDRESS: .*needed/);
    expect(problem({ ...both, DENWABAN_SIP_HOST: '2001:db8::5' })).toMatch(/Bind to ::/);
  });

  test.each([
    ['+81, +1415 ,', ['+81', '+1415']],
    ['+', ['+']],
    ['', []],
    ['  ', []],
  ])('[OUT7] who may be called: "%s" is %o; empty is nobody, not the default', (text, prefixes) => {
    const result = read({ DENWABAN_CALL_OUT_PREFIXES: text });
    expect(result.ok && result.settings.callOutPrefixes).toEqual(prefixes);
  });
  test.each(['81', '+0', '0120', '+81 3', '+81;+1', '+1234567890123456', 'all'])(
    '[OUT7] "%s" as the beginning of a number keeps the house from starting: a slip must not open the world',
    (text) => {
      expect(problem({ DENWABAN_CALL_OUT_PREFIXES: text })).toMatch(/^DENWABAN_CALL_OUT_PREFIXES: .*\+81/);
    },
  );

  test('the database address, which holds a password, is not repeated', () => {
    expect(problem({ DATABASE_URL: 'mysql://root:hunter2@db/x' })).not.toContain('hunter2');
  });

  test('audio ports must lie outside what the kernel lends to others, unless reserved', () => {
    expect(problem({ DENWABAN_RTP_PORTS: '32000-33000' })).toContain('32768-60999');
    expect(problem({ DENWABAN_RTP_PORTS: '60999-61100' })).toContain('32768-60999');
    expect(read({ DENWABAN_RTP_PORTS: '61000-61100' }).ok).toBe(true);
    const reserved = { ...linux, reserved: [{ min: 40_000, max: 40_999 }] };
    expect(read({ DENWABAN_RTP_PORTS: '40000-40999' }, reserved).ok).toBe(true);
    expect(problem({ DENWABAN_RTP_PORTS: '40000-41000' }, reserved)).toContain('reserve it');
  });

  test('the default audio ports only warn on a kernel that lends them', () => {
    const wide = { ephemeral: { min: 1024, max: 65_535 }, reserved: [] };
    const result = read({}, wide);
    expect(result.ok).toBe(true);
    expect(result.warnings).toHaveLength(1);
  });

  test('the demo is on by default only where nobody else can reach it', () => {
    const demo = (env: Record<string, string>): boolean | null => {
      const result = read(env);
      return result.ok ? result.settings.demo : null;
    };
    expect(demo({ DENWABAN_HTTP_HOST: 'localhost', DENWABAN_SIP_HOST: 'localhost' })).toBe(true);
    expect(demo({ DENWABAN_HTTP_HOST: '0.0.0.0' })).toBe(false);
    expect(demo({ DENWABAN_SIP_HOST: '192.168.1.10' })).toBe(false);
    expect(demo({ DENWABAN_DEMO: 'off' })).toBe(false);
    const open = read({ DENWABAN_HTTP_HOST: '0.0.0.0', DENWABAN_DEMO: 'on' });
    expect(open.warnings.join()).toContain('published password');
  });

  test('an unknown DENWABAN_ variable is warned about, with the one that was meant', () => {
    const { warnings } = read({ DENWABAN_HTPT_PORT: '1', DENWABAN_COLOUR: 'red' });
    expect(warnings).toEqual([
      'DENWABAN_HTPT_PORT: is not a setting and changes nothing. Did you mean DENWABAN_HTTP_PORT?',
      'DENWABAN_COLOUR: is not a setting and changes nothing.',
    ]);
  });

  test('no text in any setting makes reading fail', () => {
    const env = fc.dictionary(fc.constantFrom(...Object.keys(settingTable), 'DENWABAN_X'), fc.string());
    fc.assert(fc.property(env, (values) => typeof read(values).ok === 'boolean'));
  });

  test('a machine without /proc knows nothing of the kernel and that is no problem', () => {
    expect(readKernelPorts('/nowhere')).toEqual({ ephemeral: null, reserved: [] });
  });

  test('loopback is 127.x, ::1 and localhost', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '10.0.0.1', '::', '127.example.com', 'example.com'].some(isLoopback)).toBe(false);
  });

  test('the reference pages are the table', async () => {
    await expect(settingPage('en')).toMatchFileSnapshot('../../docs/reference/settings.md');
    await expect(settingPage('ja')).toMatchFileSnapshot('../../docs/reference/settings.ja.md');
  });
});
