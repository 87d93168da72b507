/** How sound is packed, in whose order, and what stands beside it: ptime, codecs, RTCP, fax. */
import { expect, test } from 'vitest';
import { answerSdp, parseSdp, type SdpAudio, type SdpWish } from './index.js';

const ours = { address: '198.51.100.1', port: 20_000, sessionId: '42', version: 1 };
const sdp = (...media: string[]) =>
  ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0', ...media, ''].join('\r\n');
function read(text: string, wish?: SdpWish): SdpAudio {
  const result = parseSdp(text, wish);
  if (!result.ok) throw new Error(result.code);
  return result.audio;
}
const answerTo = (audio: SdpAudio) => answerSdp(audio, ours)?.split('\r\n') ?? null;

test.each([
  [['a=ptime:10'], 10, 10],
  [['a=ptime:30'], 30, 30],
  [['a=ptime:60'], 60, 60],
  [['a=ptime:200'], 200, 60],
  [['a=ptime:40', 'a=maxptime:30'], 30, 30],
  [['a=maxptime:10'], 10, 10],
  [['a=ptime:0'], 20, 20],
  [['a=ptime:9999'], 20, 20],
  [['a=maxptime:0'], 20, 20],
])('%j: packed by %i ms; asked of the far end are %i ms', (lines, wanted, asked) => {
  const audio = read(sdp('m=audio 40000 RTP/AVP 0', ...lines));
  expect(audio.ptimeMs).toBe(wanted);
  expect(answerTo(audio)).toContain(`a=ptime:${asked}`);
});

test('the far end’s order of codecs holds, unless the trunk has one of its own', () => {
  const offer = sdp('m=audio 40000 RTP/AVP 8 0');
  expect(read(offer).codecs).toEqual(['PCMA', 'PCMU']);
  const preferred = read(offer, { codecs: ['PCMU', 'PCMA'] });
  expect(preferred.codecs).toEqual(['PCMU', 'PCMA']);
  expect(answerTo(preferred)).toContain('m=audio 20000 RTP/AVP 0');
  expect(read(offer, { codecs: ['PCMU'] }).codecs).toEqual(['PCMU']);
  expect(read(sdp('m=audio 40000 RTP/AVP 8'), { codecs: ['PCMU'] }).codecs).toEqual([]);
});

test('RTCP: on the port above, where the far end says, or on the port of RTP', () => {
  expect(read(sdp('m=audio 40000 RTP/AVP 0')).rtcp).toBeNull();
  expect(read(sdp('m=audio 40000 RTP/AVP 0', 'a=rtcp:41000')).rtcp).toEqual({ address: '192.0.2.1', port: 41_000 });
  expect(read(sdp('m=audio 40000 RTP/AVP 0', 'a=rtcp:41000 IN IP6 2001:db8::1')).rtcp).toEqual({
    address: '2001:db8::1',
    port: 41_000,
  });
  for (const wrong of ['a=rtcp:0', 'a=rtcp:70000', 'a=rtcp:x', 'a=rtcp:41000 IN IP4 evil.example']) {
    expect(read(sdp('m=audio 40000 RTP/AVP 0', wrong)).rtcp).toBeNull();
  }
  const muxed = read(sdp('m=audio 40000 RTP/AVP 0', 'a=rtcp-mux', 'a=rtcp:41000'));
  expect(muxed.rtcp).toBe('mux');
  expect(answerTo(muxed)).toContain('a=rtcp-mux');
  expect(answerTo(read(sdp('m=audio 40000 RTP/AVP 0')))).not.toContain('a=rtcp-mux');
});

test('audio with feedback (AVPF) is audio, answered by its own name', () => {
  expect(answerTo(read(sdp('m=audio 40000 RTP/AVPF 0')))).toContain('m=audio 20000 RTP/AVPF 0');
});

test('audio by DTLS is none of ours on a trunk', () => {
  expect(read(sdp('m=audio 40000 UDP/TLS/RTP/SAVPF 0')).port).toBe(0);
});

test('a fax line beside the audio is refused in its place; alone it leaves nothing to take', () => {
  const beside = read(sdp('m=audio 40000 RTP/AVP 0', 'm=image 40002 udptl t38'));
  expect(beside).toMatchObject({ fax: true, codecs: ['PCMU'] });
  expect(answerTo(beside)).toContain('m=image 0 udptl t38');
  const alone = read(sdp('m=image 40002 udptl t38'));
  expect(alone).toMatchObject({ fax: true, port: 0, codecs: [] });
  expect(answerTo(alone)).toBeNull();
  expect(read(sdp('m=audio 40000 RTP/AVP 0', 'm=image 0 udptl t38')).fax).toBe(false);
});

test('comfort noise is not taken up: a far end that hears no agreement sends sound, and its silence is sound', () => {
  expect(answerTo(read(sdp('m=audio 40000 RTP/AVP 0 13')))).toContain('m=audio 20000 RTP/AVP 0');
});
