/** RFC 4568, and how phones offer encryption outside it. */
import { expect, test } from 'vitest';
import { ownKeys } from '../rtp/srtp/index.js';
import type { SdpAudio, SrtpPolicy } from './contract.js';
import { readCrypto } from './crypto.js';
import { answerSdp, offerSdp, parseSdp } from './index.js';

const key = 'd0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj';
const k80 = `AES_CM_128_HMAC_SHA1_80 inline:${key}`;
const k32 = `AES_CM_128_HMAC_SHA1_32 inline:${key}`;
const ours = {
  address: '198.51.100.1',
  port: 20_000,
  sessionId: '42',
  version: 1,
  srtp: ownKeys(Uint8Array.from({ length: 60 }, (_, i) => i)),
};
const sdp = (...media: string[]) =>
  ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0', ...media, ''].join('\r\n');
const savp = (...lines: string[]) => sdp('m=audio 40000 RTP/SAVP 0', ...lines.map((line) => `a=crypto:${line}`));

function read(text: string, srtp?: SrtpPolicy): SdpAudio {
  const result = parseSdp(text, srtp === undefined ? {} : { srtp });
  if (!result.ok) throw new Error(result.code);
  return result.audio;
}
const answerTo = (text: string, srtp?: SrtpPolicy) => answerSdp(read(text, srtp), ours)?.split('\r\n') ?? null;

test('a crypto line: tag, suite, key and salt', () => {
  expect(readCrypto(`1 ${k80}`)).toEqual({ tag: 1, suite: 'AES_CM_128_HMAC_SHA1_80', key });
  expect(readCrypto(`999999999 ${k32}`)).toMatchObject({ tag: 999_999_999, suite: 'AES_CM_128_HMAC_SHA1_32' });
  expect(readCrypto(`1 ${k80} WSH=128`)).not.toBeNull();
});

test('a long-lived key is as good as one without a lifetime; the far end brings a new one in time', () => {
  for (const lifetime of ['2^20', '2^31', '2^48', '1048576']) expect(readCrypto(`1 ${k80}|${lifetime}`)).not.toBeNull();
  for (const lifetime of ['2^19', '1', '0', '2^', 'x', '']) expect(readCrypto(`1 ${k80}|${lifetime}`)).toBeNull();
});

test.each([
  ['a master key identifier', `1 ${k80}|2^20|1:4`],
  ['an identifier alone', `1 ${k80}|1:4`],
  ['two keys', `1 ${k80};inline:${key}`],
  ['another suite', `1 AES_256_CM_HMAC_SHA1_80 inline:${key}`],
  ['no encryption', `1 ${k80} UNENCRYPTED_SRTP`],
  ['no authentication', `1 ${k80} UNAUTHENTICATED_SRTP`],
  ['key derivation', `1 ${k80} KDR=1`],
  ['a short key', `1 AES_CM_128_HMAC_SHA1_80 inline:${key.slice(1)}`],
  ['no base64', `1 AES_CM_128_HMAC_SHA1_80 inline:${key.slice(1)}!`],
  ['another method', `1 AES_CM_128_HMAC_SHA1_80 uri:${key}`],
  ['no tag', k80],
  ['nothing', ''],
])('passed over: %s', (_, line) => {
  expect(readCrypto(line)).toBeNull();
});

test('the answer takes the first line that we can, with its tag and our key; the far end’s key is not repeated', () => {
  const lines = answerTo(savp(`4 AES_256_CM_HMAC_SHA1_80 inline:${key}`, `7 ${k32}`, `9 ${k80}`));
  expect(lines).toContain('m=audio 20000 RTP/SAVP 0');
  expect(lines?.filter((line) => line.startsWith('a=crypto'))).toEqual([
    `a=crypto:7 AES_CM_128_HMAC_SHA1_32 inline:${ours.srtp.AES_CM_128_HMAC_SHA1_32}`,
  ]);
  expect(lines?.join()).not.toContain(key);
});

test('what is to be encrypted and cannot be, is refused', () => {
  for (const text of [savp(), savp(`1 AES_256_CM_HMAC_SHA1_80 inline:${key}`)]) {
    expect(read(text).port).toBe(0);
    expect(answerTo(text)).toBeNull();
  }
  const { srtp: _, ...without } = ours;
  expect(answerSdp(read(savp(`1 ${k80}`)), without)).toBeNull();
});

const both = sdp('m=audio 40000 RTP/AVP 0', 'm=audio 40002 RTP/SAVP 0', `a=crypto:1 ${k80}`);
const bestEffort = sdp('m=audio 40000 RTP/AVP 0', `a=crypto:1 ${k80}`);
const plain = sdp('m=audio 40000 RTP/AVP 0');
const only = savp(`1 ${k80}`);
test.each([
  ['off', both, 'm=audio 20000 RTP/AVP 0', false],
  ['off', bestEffort, 'm=audio 20000 RTP/AVP 0', false],
  ['off', plain, 'm=audio 20000 RTP/AVP 0', false],
  ['off', only, null, false],
  ['optional', both, 'm=audio 20000 RTP/SAVP 0', true],
  ['optional', bestEffort, 'm=audio 20000 RTP/AVP 0', true],
  ['optional', plain, 'm=audio 20000 RTP/AVP 0', false],
  ['optional', only, 'm=audio 20000 RTP/SAVP 0', true],
  ['required', both, 'm=audio 20000 RTP/SAVP 0', true],
  ['required', bestEffort, 'm=audio 20000 RTP/AVP 0', true],
  ['required', plain, null, false],
  ['required', only, 'm=audio 20000 RTP/SAVP 0', true],
] as const)('a trunk with srtp %s, offered %j', (policy, offer, line, encrypted) => {
  const lines = answerTo(offer, policy);
  if (line === null) expect(lines).toBeNull();
  else expect(lines?.filter((each) => each.startsWith('m=') && !each.startsWith('m=audio 0 '))).toEqual([line]);
  expect(lines?.some((each) => each.startsWith('a=crypto')) ?? false).toBe(encrypted);
});

test('our offer: SAVP when it must be, crypto lines on AVP when it may be, each suite with a key of its own', () => {
  const required = offerSdp(ours, { srtp: 'required' });
  expect(required).toContain('m=audio 20000 RTP/SAVP 0 8 101');
  const crypto = read(required).crypto;
  expect(crypto.map(({ tag, suite }) => [tag, suite])).toEqual([
    [1, 'AES_CM_128_HMAC_SHA1_80'],
    [2, 'AES_CM_128_HMAC_SHA1_32'],
  ]);
  expect(crypto[0]?.key).not.toBe(crypto[1]?.key);
  expect(offerSdp(ours, { srtp: 'optional' })).toContain('m=audio 20000 RTP/AVP 0 8 101');
  expect(read(offerSdp(ours, { srtp: 'optional' })).crypto).toHaveLength(2);
  expect(offerSdp(ours)).not.toContain('crypto');
});
