/**
 * What comes under keys and passwords. SRTP and SRTCP from anybody are no audio and no report unless signed; what we sign is read
 * back once; a report's figures are numbers. A challenge from anybody gives credentials that say what was challenged.
 */
import { readRtcp, writeRtcp } from '../../telephony/src/rtp/rtcp.js';
import { ownKeys, SrtpSession, srtpSuites } from '../../telephony/src/rtp/srtp/index.js';
import { answerChallenge, chooseChallenge } from '../../telephony/src/sip/digest/client.js';
import { parseDigest } from '../../telephony/src/sip/digest/header.js';
import { bounded, bytesOf, latin1, mutateText, smallerText } from './mutate.js';
import { ensure, size, type Report, type Target } from './target.js';

const keys = ownKeys(Uint8Array.from({ length: 60 }, (_, i) => i * 7));
const report = (ssrc: number) => ({
  ...{ ssrc, fractionLost: 0.1, lost: 3, highest: 70_000, jitter: 9, lastReport: 1, sinceLastReport: 2 },
});
const rtp = (length: number): Uint8Array =>
  Uint8Array.from([0x80, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0, 0, 7, ...Array<number>(length).fill(0xd5)]);

function underKeys(text: string, said: Report): void {
  for (const suite of srtpSuites) {
    const session = new SrtpSession(keys);
    session.agree({ suite, key: keys[suite] });
    const [sender, receiver] = [session.sender!, session.receiver!];
    ensure(said.timed(() => receiver.unprotect(bytesOf(text).slice())) === null, 'unsigned-taken', 'as RTP');
    ensure(said.timed(() => receiver.unprotectRtcp(bytesOf(text).slice())) === null, 'unsigned-taken', 'as RTCP');
    const plain = bytesOf(text);
    const sealed = said.timed(() => sender.protect(plain));
    said.saw(`sealed ${sealed === null ? 'none' : size(sealed.length)}`);
    if (sealed !== null) {
      const again = sealed.slice();
      const read = receiver.unprotect(sealed);
      ensure(read !== null && Buffer.from(plain).equals(read), 'own-packet-unreadable', suite);
      ensure(receiver.unprotect(again.slice()) === null, 'replay-taken', suite);
      const bent = again.slice();
      bent[bent.length - 1]! ^= 1;
      ensure(receiver.unprotect(bent) === null, 'forged-taken', suite);
    }
  }
  const reports = said.timed(() => readRtcp(bytesOf(text)));
  // In classes: each row of reports would else be new for ever, and its input kept.
  const kinds = new Set(reports.map(({ sentAt, blocks }) => `${sentAt === null} ${size(blocks.length)}`));
  said.saw(`reports ${size(reports.length)} ${kinds.size} ${[...kinds].join().slice(0, 12)}`);
  for (const { ssrc, blocks } of reports) {
    ensure(Number.isInteger(ssrc), 'no-number', 'ssrc');
    for (const block of blocks) {
      ensure(Object.values(block).every(Number.isFinite), 'no-number', JSON.stringify(block));
      ensure(block.fractionLost >= 0 && block.fractionLost < 1, 'loss-out-of-range', String(block.fractionLost));
    }
  }
}

export const secured: Target<string> = {
  name: 'secured',
  extension: 'bin',
  seeds: () => [
    ...[0, 1, 160].map((length) => latin1(rtp(length))),
    latin1(writeRtcp(7, 'a@b', { wallMs: 1_700_000_000_000, timestamp: 1, packets: 2, octets: 3 }, report(9))),
    latin1(writeRtcp(7, 'x'.repeat(255), null, report(9))),
    latin1(Buffer.concat([writeRtcp(7, '', null, null), writeRtcp(8, 'c', null, report(1))])),
  ],
  mutate: (input, other, random) => bounded(mutateText(input, other, random)),
  encode: bytesOf,
  decode: latin1,
  smaller: smallerText,
  run: underKeys,
};

const challenges = [
  'Digest realm="example.com", nonce="abc", algorithm=SHA-256, qop="auth"',
  'Digest realm="ex\\"ample", nonce="a\\\\b", opaque="o", qop="auth-int,auth", stale=TRUE',
  'Digest nonce="n", realm="r", algorithm=MD5-sess, qop=auth-int',
  'Digest realm="r",nonce="n"',
  'Basic realm="r"',
];

function challenged(text: string, said: Report): void {
  const challenge = said.timed(() => chooseChallenge(text.split('\n')));
  said.saw(
    challenge === null
      ? 'none'
      : `${challenge.algorithm} ${challenge.qop} ${challenge.stale} ${challenge.opaque === null}`,
  );
  if (challenge === null) return;
  for (const part of [challenge.realm, challenge.nonce, challenge.opaque ?? '']) said.saw(`part ${size(part.length)}`);
  const request = { method: 'REGISTER', uri: 'sip:example.com', body: '' };
  const account = { user: 'us"er', password: 'not to be seen' };
  const line = said.timed(() => answerChallenge(challenge, account, request, 1, 'cnonce'));
  ensure(!line.includes(account.password), 'password-told', 'in the credentials');
  const read = parseDigest(line);
  ensure(read !== null, 'credentials-unreadable', line.slice(0, 200));
  for (const name of ['realm', 'nonce', 'opaque'] as const) {
    ensure((read?.get(name) ?? null) === challenge[name], 'credentials-say-otherwise', name);
  }
  ensure(
    read?.get('username') === account.user && read.get('uri') === request.uri,
    'credentials-say-otherwise',
    'ours',
  );
}

export const digest: Target<string> = {
  name: 'digest',
  extension: 'bin',
  seeds: () => [...challenges, challenges.join('\n')],
  mutate: (input, other, random) => bounded(mutateText(input, other, random)),
  encode: bytesOf,
  decode: latin1,
  smaller: smallerText,
  run: challenged,
};
