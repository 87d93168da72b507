import { describe, expect, test } from 'vitest';
import { readTurn, type TurnSettings } from './turn-settings.js';

function read(env: Record<string, string>): { turn: TurnSettings | null; problems: string[] } {
  const problems: string[] = [];
  const turn = readTurn(
    (name) => env[name],
    (name, what) => void problems.push(`${name}: ${what}`),
  );
  return { turn, problems };
}
const urls = 'turn:turn.example.com:3478, turns:turn.example.com:443?transport=tcp';

describe('TURN settings', () => {
  test('nothing set is no TURN', () => {
    expect(read({})).toEqual({ turn: null, problems: [] });
  });

  test('URLs and a secret', () => {
    expect(read({ DENWABAN_TURN_URLS: urls, DENWABAN_TURN_SECRET: 's' })).toEqual({
      turn: {
        urls: ['turn:turn.example.com:3478', 'turns:turn.example.com:443?transport=tcp'],
        access: { secret: 's', seconds: 3600 },
        policy: 'all',
      },
      problems: [],
    });
  });

  test('URLs and a fixed user, the relay forced', () => {
    const env = { DENWABAN_TURN_URLS: 'turn:[2001:db8::1]', DENWABAN_TURN_USER: 'u', DENWABAN_TURN_PASSWORD: 'p' };
    expect(read({ ...env, DENWABAN_TURN_POLICY: 'relay' })).toEqual({
      turn: { urls: ['turn:[2001:db8::1]'], access: { user: 'u', password: 'p' }, policy: 'relay' },
      problems: [],
    });
  });

  test.each([
    'http://turn.example.com',
    'stun:turn.example.com',
    'turn:turn.example.com:70000',
    'turn:turn.example.com?transport=sctp',
    'turn:user@turn.example.com',
  ])('%s is no TURN server', (one) => {
    const { turn, problems } = read({ DENWABAN_TURN_URLS: one, DENWABAN_TURN_SECRET: 's' });
    expect(turn).toBeNull();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^DENWABAN_TURN_URLS: /);
  });

  test.each([
    ['DENWABAN_TURN_SECRET', { DENWABAN_TURN_URLS: urls }],
    ['DENWABAN_TURN_PASSWORD', { DENWABAN_TURN_URLS: urls, DENWABAN_TURN_USER: 'u' }],
    ['DENWABAN_TURN_USER', { DENWABAN_TURN_URLS: urls, DENWABAN_TURN_PASSWORD: 'hidden' }],
    [
      'DENWABAN_TURN_SECRET',
      {
        DENWABAN_TURN_URLS: urls,
        DENWABAN_TURN_SECRET: 'hidden',
        DENWABAN_TURN_USER: 'u',
        DENWABAN_TURN_PASSWORD: 'hidden',
      },
    ],
    ['DENWABAN_TURN_URLS', { DENWABAN_TURN_SECRET: 'hidden' }],
    ['DENWABAN_TURN_URLS', { DENWABAN_TURN_POLICY: 'relay' }],
    [
      'DENWABAN_TURN_POLICY',
      { DENWABAN_TURN_URLS: urls, DENWABAN_TURN_SECRET: 'hidden', DENWABAN_TURN_POLICY: 'direct' },
    ],
    ['DENWABAN_TURN_SECONDS', { DENWABAN_TURN_URLS: urls, DENWABAN_TURN_SECRET: 'hidden', DENWABAN_TURN_SECONDS: '2' }],
    [
      'DENWABAN_TURN_SECONDS',
      { DENWABAN_TURN_URLS: urls, DENWABAN_TURN_SECRET: 'hidden', DENWABAN_TURN_SECONDS: '1h' },
    ],
  ])('%s is the one problem, and no secret is in it', (name, env: Record<string, string>) => {
    const { turn, problems } = read(env);
    expect(turn).toBeNull();
    expect(problems).toHaveLength(1);
    expect(problems[0]!.startsWith(`${name}: `)).toBe(true);
    expect(problems[0]).not.toContain('hidden');
  });
});
