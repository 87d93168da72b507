import type { LegId } from '@denwaban/core';
import { expect, test } from 'vitest';
import { fakeKeys } from '../testing/fake-media.js';
import { offerOf } from '../testing/fake-sip.js';
import { parseSdp, type SdpAudio } from '../../sdp/index.js';
import { createSipAudio, wishOf, type AudioWish } from './sip-audio.js';

const leg = 'lg_1' as LegId;
const key = 'd0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj';
const crypto = `a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:${key}`;
const at = { address: '198.51.100.1', port: 20_000, keys: fakeKeys };

function read(text: string): SdpAudio {
  const result = parseSdp(text);
  if (!result.ok) throw new Error(result.code);
  return result.audio;
}
const savp = (): SdpAudio => read(offerOf(`${crypto}\r\n`).raw.replace('RTP/AVP', 'RTP/SAVP'));
function leave(wish: AudioWish = {}) {
  const audio = createSipAudio(leg, wish);
  audio.opened(at);
  return audio;
}

test('an encrypted offer: the media process is told their key, and they ours, by the same tag', () => {
  const audio = leave();
  expect(audio.remoteOf(savp())).toMatchObject({ srtp: { suite: 'AES_CM_128_HMAC_SHA1_80', key } });
  const answer = audio.describe(savp());
  expect(answer).toContain(`a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:${fakeKeys.AES_CM_128_HMAC_SHA1_80}\r\n`);
  expect(answer).toContain(' RTP/SAVP ');
});

test('a trunk that wants no encryption refuses what must be encrypted; one that requires it refuses what is plain', () => {
  expect(leave({ srtp: 'off' }).remoteOf(savp())).toBeNull();
  expect(leave({ srtp: 'required' }).remoteOf(offerOf())).toBeNull();
  expect(leave({ srtp: 'required' }).describe(offerOf())).toBeNull();
  expect(leave({ srtp: 'required' }).remoteOf(savp())).not.toBeNull();
  expect(leave().remoteOf(offerOf())).toMatchObject({ srtp: null });
});

test('our own offer says what the trunk wants; once audio flows, what stands', () => {
  expect(leave().describe(null)).not.toContain('crypto');
  expect(leave({ srtp: 'optional' }).describe(null)).toMatch(/RTP\/AVP[^]*a=crypto:1/);
  expect(leave({ srtp: 'required', codecs: ['PCMA'] }).describe(null)).toMatch(/RTP\/SAVP 8 101[^]*a=crypto:1/);
  const encrypted = leave();
  encrypted.remoteOf(savp());
  expect(encrypted.describe(null)).toContain('RTP/SAVP');
});

test('a leg that was taken up answers with the keys that the media process kept', () => {
  const audio = createSipAudio(leg, {});
  audio.opened({ address: at.address, port: at.port }, 1_700_000_000);
  expect(audio.describe(savp())).toBeNull();
  audio.keys({ keys: fakeKeys, secure: true });
  expect(audio.describe(savp())).toContain(fakeKeys.AES_CM_128_HMAC_SHA1_80);
  expect(audio.describe(null)).toContain('RTP/SAVP');
});

test('the same leg has the same session in whichever process, and a version above the last', () => {
  const origin = (text: string | null) => /o=- (\d+) (\d+)/.exec(text ?? '')?.slice(1) ?? [];
  const [first, second] = [leave(), createSipAudio(leg, {})];
  second.opened(at, 1_700_000_000);
  expect(origin(first.describe(null))[0]).toBe(origin(second.describe(null))[0]);
  expect(origin(second.describe(null))[1]).toBe('1700000002');
});

test('without a trunk nothing is wished for', () => {
  expect(wishOf(null)).toEqual({});
});

test('what is wrong with an offer is said in words that its engineer understands', () => {
  const says = (raw: string, wish: AudioWish = {}) => leave(wish).whyNot(read(raw)).text;
  const head = offerOf().raw.split('m=')[0]!;
  expect(says(`${head}m=image 4000 udptl t38\r\n`)).toContain('Fax');
  expect(says(offerOf('', '9 18').raw)).toContain('PCMU or PCMA');
  expect(says(offerOf().raw, { srtp: 'required' })).toContain('must be encrypted');
  expect(says(savp().raw, { srtp: 'off' })).toContain('not taken here');
  expect(says(savp().raw.replace('AES_CM_128', 'AES_256'))).toContain('No crypto line');
  expect(says(`${head}m=audio 0 RTP/AVP 0\r\n`)).toContain('No audio');
});
