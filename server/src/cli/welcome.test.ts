import type { DemoInfo } from '@denwaban/core/wire';
import { describe, expect, test } from 'vitest';
import { readSettings } from '../settings.js';
import { firstCall, terminalLanguage, webAddress, welcome } from './welcome.js';

function settings(env: Record<string, string> = {}) {
  const result = readSettings(env, '/x', { ephemeral: null, reserved: [] });
  if (!result.ok) throw new Error(result.problems.join());
  return result.settings;
}

const demo = {
  password: 'open-sesame',
  people: [
    { email: 'sato@x', name: '佐藤', team: 'A', role: 'admin' },
    { email: 'anna@x', name: 'Anna', team: 'A', role: 'agent' },
  ],
  customers: [
    { name: 'Ken', phone: '+81311112222', ownerEmail: 'sato@x' },
    { name: 'Mari', phone: '+81333334444', ownerEmail: 'anna@x' },
  ],
  numbers: ['+81355556666'],
  sip: { host: '127.0.0.1', port: 5060 },
} as unknown as DemoInfo;

const tell = (language: 'en' | 'ja', control: { demo: DemoInfo | null; people: number } | null) =>
  welcome({ settings: settings(), control, telephone: '/data/telephone', startedInMs: 900, language }).join('\n');

describe('the end of a start', () => {
  test.each(['en', 'ja'] as const)('in %s: where to open, who signs in, and three ways to call', (language) => {
    const text = tell(language, { demo, people: 2 });
    for (const part of ['http://127.0.0.1:8080', 'anna@x', 'sato@x', 'open-sesame', 'http://127.0.0.1:8080/phone']) {
      expect(text).toContain(part);
    }
    expect(text).toContain('baresip -f "/data/telephone" -e "/dial sip:+81355556666@127.0.0.1:5060"');
    expect(text).toContain('Mari');
  });

  test('the first call comes from a customer of whoever signs in', () => {
    expect(firstCall(demo)).toMatchObject({ agent: { email: 'anna@x' }, customer: { name: 'Mari' } });
  });

  test('without a demo no password is shown, and an empty company is told how to name its people', () => {
    expect(tell('en', { demo: null, people: 3 })).not.toMatch(/password {2}|npm run company/i);
    expect(tell('en', { demo: null, people: 0 })).toContain('npm run company -- person');
  });

  test('a wildcard is shown as an address that can be opened', () => {
    expect(webAddress(settings({ DENWABAN_HTTP_HOST: '0.0.0.0' }))).toBe('http://localhost:8080');
    expect(webAddress(settings({ DENWABAN_HTTP_HOST: '::1' }))).toBe('http://[::1]:8080');
  });

  test('the terminal’s language is the locale’s, and its order is that of POSIX', () => {
    expect(terminalLanguage({ LANG: 'ja_JP.UTF-8' })).toBe('ja');
    expect(terminalLanguage({ LANG: 'ja_JP.UTF-8', LC_ALL: 'en_US.UTF-8' })).toBe('en');
    expect(terminalLanguage({})).toBe('en');
  });
});
