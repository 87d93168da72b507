import { expect, test } from 'vitest';
import { toWire } from '../message.js';
import { answerChallenge, chooseChallenge } from './client.js';
import { digestResponse, secretOf } from './compute.js';
import { formatDigest, parseDigest } from './header.js';
import { challengeFor, NonceCounts, verify, type DigestRealm } from './server.js';

const nobody = '';
const realm: DigestRealm = {
  realm: 'denwaban',
  key: new Uint8Array(32).fill(7),
  nonceMs: 60_000,
  algorithms: ['SHA-256', 'MD5'],
};
const account = { user: 'ken', password: 'ひみつ' };
let drawn = 0;
const chance = (count: number) => new Uint8Array(count).fill(++drawn);

test('the vectors of RFC 7616 §3.9.1: MD5 and SHA-256', () => {
  const input = {
    method: 'GET',
    uri: '/dir/index.html',
    nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
    qop: 'auth' as const,
    nc: '00000001',
    cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    body: nobody,
  };
  const secret = (algorithm: 'MD5' | 'SHA-256') =>
    secretOf(algorithm, 'Mufasa', 'http-auth@example.org', 'Circle of Life');
  expect(digestResponse({ algorithm: 'MD5', secret: secret('MD5'), ...input })).toBe(
    '8ca523f5e9506fed4657c9700eebdbec',
  );
  expect(digestResponse({ algorithm: 'SHA-256', secret: secret('SHA-256'), ...input })).toBe(
    '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  );
});

test('the vector of RFC 2617 §3.5, and its RFC 2069 form without qop', () => {
  const secret = secretOf('MD5', 'Mufasa', 'testrealm@host.com', 'Circle Of Life');
  const nonce = 'dcd98b7102dd2f0e8b11d0f600bfb0c093';
  const common = { algorithm: 'MD5', secret, method: 'GET', uri: '/dir/index.html', nonce, body: nobody } as const;
  expect(digestResponse({ ...common, qop: 'auth', nc: '00000001', cnonce: '0a4f113b' })).toBe(
    '6629fae49393a05397450978507c4ef1',
  );
  expect(digestResponse({ ...common, qop: null, nc: '', cnonce: '' })).toBe('670fd8c2df070c60b045671b8b24ff02');
});

test('of several challenges the strongest is answered, wherever it stands', () => {
  const md5 = 'Digest realm="a", nonce="n", qop="auth,auth-int", algorithm=MD5';
  const sha = 'Digest realm="a", nonce="n", qop="auth", algorithm=SHA-256, opaque="o\\"x"';
  for (const values of [
    [md5, sha],
    [sha, md5],
  ]) {
    expect(chooseChallenge(['Basic realm="b"', ...values])).toEqual({
      realm: 'a',
      nonce: 'n',
      opaque: 'o"x',
      algorithm: 'SHA-256',
      qop: 'auth',
      stale: false,
    });
  }
  expect(chooseChallenge(['Digest realm="a", nonce="n", algorithm=SHA-512-256'])).toBeNull();
  expect(chooseChallenge(['NoOneKnowsThisScheme opaque-data=here'])).toBeNull();
});

const attempt = (credentials: string[], over: Partial<{ method: string; uri: string }> = {}) => ({
  method: 'REGISTER',
  uri: 'sip:denwaban',
  body: nobody,
  credentials,
  ...over,
});
const secretFor = (user: string, algorithm: 'SHA-256' | 'MD5') =>
  user === account.user ? secretOf(algorithm, user, realm.realm, account.password) : null;

function answer(challenge: string, over: Partial<{ user: string; password: string; count: number }> = {}): string {
  const chosen = chooseChallenge([challenge]);
  if (chosen === null) throw new Error('no challenge');
  return answerChallenge(chosen, { ...account, ...over }, attempt([]), over.count ?? 1, 'c0ffee');
}

test('our client satisfies our server with each algorithm it offers', () => {
  const challenges = challengeFor(realm, 1_000, chance, false);
  expect(challenges).toHaveLength(2);
  for (const challenge of challenges) {
    expect(verify(realm, attempt([answer(challenge)]), secretFor, 2_000)).toMatchObject({
      ok: true,
      user: 'ken',
      count: 1,
    });
  }
});

test('names and passwords are UTF-8, and every character of them counts', () => {
  const [challenge = ''] = challengeFor(realm, 0, chance, false);
  const ken = { user: '健', password: 'ひみつ' };
  const secret = (user: string, algorithm: 'SHA-256' | 'MD5') =>
    user === ken.user ? secretOf(algorithm, toWire(user), realm.realm, ken.password) : null;
  expect(verify(realm, attempt([answer(challenge, ken)]), secret, 1)).toMatchObject({ ok: true, user: '健' });
  // U+4072 shares its low byte with ひ (U+3072).
  expect(verify(realm, attempt([answer(challenge, { ...ken, password: '\u4072みつ' })]), secret, 1).ok).toBe(false);
});

test('a wrong password and an unknown user are told alike', () => {
  const [challenge = ''] = challengeFor(realm, 0, chance, false);
  const wrong = verify(realm, attempt([answer(challenge, { password: 'x' })]), secretFor, 1);
  const unknown = verify(realm, attempt([answer(challenge, { user: 'nobody' })]), secretFor, 1);
  expect(wrong).toEqual({ ok: false, because: 'wrong' });
  expect(unknown).toEqual(wrong);
});

test('a nonce that is over, forged or of another realm is stale; one with stale=true is answered again', () => {
  const [challenge = ''] = challengeFor(realm, 0, chance, false);
  const credentials = answer(challenge);
  expect(verify(realm, attempt([credentials]), secretFor, 59_999).ok).toBe(true);
  expect(verify(realm, attempt([credentials]), secretFor, 60_000)).toEqual({ ok: false, because: 'stale' });
  // A clock set back makes a nonce from the future: not ours to trust either.
  expect(verify(realm, attempt([credentials]), secretFor, -1)).toEqual({ ok: false, because: 'stale' });
  const nonce = chooseChallenge([challenge])?.nonce ?? '';
  const forged = answer(challenge.replace(nonce, `${nonce.startsWith('A') ? 'B' : 'A'}${nonce.slice(1)}`));
  expect(verify(realm, attempt([forged]), secretFor, 1)).toEqual({ ok: false, because: 'stale' });
  const otherKey = { ...realm, key: new Uint8Array(32).fill(8) };
  expect(verify(otherKey, attempt([credentials]), secretFor, 1)).toEqual({ ok: false, because: 'stale' });
  expect(chooseChallenge(challengeFor(realm, 0, chance, true))?.stale).toBe(true);
});

test('credentials are good for the request they were made for, and no other', () => {
  const [challenge = ''] = challengeFor(realm, 0, chance, false);
  const credentials = [answer(challenge)];
  expect(verify(realm, attempt(credentials, { method: 'INVITE' }), secretFor, 1)).toEqual({
    ok: false,
    because: 'wrong',
  });
  expect(verify(realm, attempt(credentials, { uri: 'sip:other' }), secretFor, 1)).toEqual({
    ok: false,
    because: 'malformed',
  });
});

test('what we did not offer is not taken: no qop, another algorithm, another realm, nothing', () => {
  const [challenge = ''] = challengeFor({ ...realm, algorithms: ['MD5'] }, 0, chance, false);
  const onlySha = { ...realm, algorithms: ['SHA-256'] as const };
  expect(verify(onlySha, attempt([answer(challenge)]), secretFor, 1)).toEqual({ ok: false, because: 'malformed' });
  expect(verify(realm, attempt([answer(challenge.replace(', qop="auth"', ''))]), secretFor, 1).ok).toBe(false);
  expect(verify({ ...realm, realm: 'x' }, attempt([answer(challenge)]), secretFor, 1).ok).toBe(false);
  expect(verify(realm, attempt([]), secretFor, 1)).toEqual({ ok: false, because: 'missing' });
  expect(verify(realm, attempt(['NoOneKnowsThisScheme opaque-data=here']), secretFor, 1)).toEqual({
    ok: false,
    because: 'malformed',
  });
});

test('each count of a nonce is good once, and the memory is bounded', () => {
  const counts = new NonceCounts(1_000, 3);
  expect(counts.accept('a', 1, 0)).toBe(true);
  expect(counts.accept('a', 1, 1)).toBe(false);
  expect(counts.accept('a', 3, 2)).toBe(true);
  expect(counts.accept('a', 2, 3)).toBe(false);
  for (const nonce of ['b', 'c', 'd', 'e']) counts.accept(nonce, 1, 4);
  expect(counts.size).toBe(3);
  counts.accept('f', 1, 2_000);
  expect(counts.size).toBe(1);
});

test('headers are read whatever their spacing and case, and refused when broken', () => {
  expect(parseDigest('DIGEST  Realm = "a,b=\\"c\\"" ,nonce=xyz,  stale=FALSE')).toEqual(
    new Map([
      ['realm', 'a,b="c"'],
      ['nonce', 'xyz'],
      ['stale', 'FALSE'],
    ]),
  );
  for (const broken of [
    'Digest realm="a',
    'Digest realm',
    'Digest realm="a" nonce="b"',
    'Digest a=1, a=2',
    'Basic abc',
  ]) {
    expect(parseDigest(broken), broken).toBeNull();
  }
  const params = [
    ['realm', 'a"b'],
    ['qop', 'auth'],
    ['nc', '00000001'],
  ] as const;
  expect(formatDigest(params, 'credentials')).toBe('Digest realm="a\\"b", qop=auth, nc=00000001');
  expect(parseDigest(formatDigest(params, 'challenge'))).toEqual(new Map(params));
});
