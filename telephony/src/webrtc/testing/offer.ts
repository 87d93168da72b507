/** A browser's offer of audio and data channels on one path. */
export function offerWith(fingerprint: string): string {
  const path = ['a=ice-ufrag:theirs', 'a=ice-pwd:a password of theirs', 'a=setup:actpass'];
  return [
    ...[
      'v=0',
      'o=- 1 2 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      'a=group:BUNDLE 0 1',
      `a=fingerprint:sha-256 ${fingerprint}`,
    ],
    ...['m=audio 9 UDP/TLS/RTP/SAVPF 0 126', 'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=sendrecv', 'a=rtcp-mux', ...path],
    ...['a=rtpmap:0 PCMU/8000', 'a=rtpmap:126 telephone-event/8000'],
    ...['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'c=IN IP4 0.0.0.0', 'a=mid:1', 'a=sctp-port:5000', ...path],
    '',
  ].join('\r\n');
}
