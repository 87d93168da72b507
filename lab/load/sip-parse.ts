/** Reading an INVITE as a carrier sends it, beside the npm `sip` package, sample by sample. Bar: ≤ 20 µs. */
import sip from 'sip';
import { parseMessage } from '../../telephony/src/sip/parse.js';
import { row, timed, type Benchmark } from './measure.js';

const sdp = [
  'v=0',
  'o=- 20518 0 IN IP4 203.0.113.1',
  's=-',
  'c=IN IP4 203.0.113.1',
  't=0 0',
  'm=audio 54400 RTP/AVP 0 8 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-15',
  'a=ptime:20',
  'a=sendrecv',
  '',
].join('\r\n');

const invite = Buffer.from(
  [
    'INVITE sip:+81312345678@198.51.100.10:5060;user=phone SIP/2.0',
    'Via: SIP/2.0/UDP 203.0.113.1:5060;branch=z9hG4bK-524287-1---0bb2c5a1;rport',
    'Via: SIP/2.0/UDP 192.0.2.33:5060;branch=z9hG4bK29847;received=192.0.2.34',
    'Record-Route: <sip:203.0.113.1;lr>',
    'Max-Forwards: 68',
    'From: "Tanaka Hanako" <sip:+819012345678@203.0.113.1;user=phone>;tag=9fxced76sl',
    'To: <sip:+81312345678@198.51.100.10;user=phone>',
    'Call-ID: 3848276298220188511@203.0.113.1',
    'CSeq: 1 INVITE',
    'Contact: <sip:+819012345678@203.0.113.1:5060;transport=udp>',
    'P-Asserted-Identity: <sip:+819012345678@203.0.113.1;user=phone>',
    'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE',
    'Supported: 100rel, timer',
    'Session-Expires: 1800',
    'User-Agent: carrier-sbc/7.2',
    'Content-Type: application/sdp',
    `Content-Length: ${Buffer.byteLength(sdp)}`,
    '',
    sdp,
  ].join('\r\n'),
);

export const sipParse: Benchmark = {
  name: 'sip-parse',
  async run() {
    if (!parseMessage(invite).ok) throw new Error('the INVITE is not read');
    if (sip.parse(invite.toString('latin1'))?.method !== 'INVITE') throw new Error('the peer does not read the INVITE');
    const samples = { ours: [] as number[], theirs: [] as number[] };
    for (let i = 0; i < 200; i++) {
      samples.ours.push(...timed(1, 500, () => parseMessage(invite)));
      // It takes text: turning the datagram into it is part of reading it.
      samples.theirs.push(...timed(1, 500, () => sip.parse(invite.toString('latin1'))));
    }
    const under = `${invite.length} bytes, 500 a sample`;
    const ratios = samples.ours.map((one, i) => one / samples.theirs[i]!);
    return [
      row('parse an INVITE: ours', 'µs', under, samples.ours),
      row('parse an INVITE: npm sip 0.0.6', 'µs', under, samples.theirs),
      row('parse an INVITE: ours ÷ npm sip', '×', `${under}, sample by sample`, ratios),
    ];
  },
};
