import type { IceServers } from '@denwaban/core/wire';
import { beforeEach, describe, expect, test } from 'vitest';
import { IceServerList } from './ice-servers.js';

const answer = (username: string, validMs: number | null = 60_000): IceServers => ({
  iceServers: [{ urls: ['turn:turn.example.com'], username, credential: 'x' }],
  policy: 'all',
  validMs,
});

let now = 0;
let asked = 0;
let next: () => Promise<IceServers>;
let overdue: (() => void)[] = [];
const list = () =>
  new IceServerList({
    ask: () => {
      asked++;
      return next();
    },
    monotonic: () => now,
    pause: () => new Promise((resolve) => overdue.push(resolve)),
  });
const user = (configuration: RTCConfiguration) => configuration.iceServers?.[0]?.username;

beforeEach(() => {
  now = 0;
  asked = 0;
  overdue = [];
  next = async () => answer(`u${asked}`);
});

describe('the list of relays', () => {
  test('is asked for once, and anew for a line in the second half of its life', async () => {
    const servers = list();
    expect(user(await servers.configuration())).toBe('u1');
    now = 29_999;
    expect(user(await servers.configuration())).toBe('u1');
    now = 30_000;
    expect(user(await servers.configuration())).toBe('u2');
    expect(asked).toBe(2);
  });

  test('two lines at once ask once', async () => {
    const servers = list();
    await Promise.all([servers.configuration(), servers.configuration()]);
    expect(asked).toBe(1);
  });

  test('without an end it is asked for again after ten minutes: the settings may be others', async () => {
    next = async () => answer(`u${asked}`, null);
    const servers = list();
    await servers.configuration();
    now = 599_999;
    expect(user(await servers.configuration())).toBe('u1');
    now = 600_000;
    expect(user(await servers.configuration())).toBe('u2');
  });

  test('a refusal leaves what is known as long as it is good, then nothing', async () => {
    const servers = list();
    await servers.configuration();
    next = () => Promise.reject(new Error('network'));
    now = 45_000;
    expect(user(await servers.configuration())).toBe('u1');
    now = 60_000;
    expect(await servers.configuration()).toEqual({ iceServers: [] });
    next = async () => answer(`u${asked}`);
    expect(user(await servers.configuration())).toBe(`u${asked}`);
  });

  test('a server that does not answer does not keep the line', async () => {
    next = () => new Promise(() => undefined);
    const wanted = list().configuration();
    overdue.forEach((over) => over());
    expect(await wanted).toEqual({ iceServers: [] });
  });
});
