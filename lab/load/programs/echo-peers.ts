/**
 * Many far ends that send back every packet they hear: browsers without browsers (node-datachannel), and telephones with SRTP.
 * Driven over the process's channel: `open` brings an offer, `answer` its answer, and `opened` tells that audio can flow;
 * `srtp` brings `bound`.
 */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import ndc from 'node-datachannel';
import { ownKeys, SrtpSession, type SrtpKey } from '../../../telephony/src/rtp/index.js';

export type PeersRequest =
  | { type: 'open'; leg: string }
  | { type: 'answer'; leg: string; sdp: string }
  | { type: 'srtp'; leg: string; to: number; theirs: SrtpKey };
export type PeersEvent =
  | { type: 'offer'; leg: string; sdp: string }
  | { type: 'opened'; leg: string }
  | { type: 'bound'; leg: string; port: number; key: SrtpKey };

const peers = new Map<string, ndc.PeerConnection>();
const tell = (event: PeersEvent) => void process.send?.(event);

function open(leg: string): void {
  const pc = new ndc.PeerConnection(leg, {
    iceServers: [],
    bindAddress: '127.0.0.1',
    disableAutoNegotiation: true,
    forceMediaTransport: true,
  });
  const ssrc = 1 + Math.floor(Math.random() * 2 ** 31);
  const audio = new ndc.Audio('0', 'SendRecv');
  audio.addAudioCodec(0, 'PCMU');
  audio.addSSRC(ssrc, 'lab', 'lab', 'lab');
  const track = pc.addTrack(audio);
  track.onOpen(() => tell({ type: 'opened', leg }));
  // Until it hears something it says that it is there, or it would be given up: one sample, too short to be counted by anybody.
  const here = Buffer.alloc(13);
  here[0] = 0x80;
  here.writeUInt32BE(ssrc, 8);
  let n = 0;
  const waiting = setInterval(() => {
    here.writeUInt16BE(n++, 2);
    if (track.isOpen()) track.sendMessageBinary(here);
  }, 1_000);
  track.onMessage((packet) => {
    const type = (packet[1] ?? 0) & 0x7f;
    if (type >= 64 && type <= 95) return; // RTCP (RFC 5761 §4)
    clearInterval(waiting);
    packet.writeUInt32BE(ssrc, 8);
    try {
      if (track.isOpen()) track.sendMessageBinary(packet);
    } catch {
      // it closed between the question and the word
    }
  });
  pc.onGatheringStateChange((state) => {
    const sdp = state === 'complete' ? pc.localDescription()?.sdp : undefined;
    if (sdp) tell({ type: 'offer', leg, sdp: sdp.replaceAll(/a=(candidate:|end-of-cand).*\r\n/g, '') });
  });
  pc.setLocalDescription('offer');
  peers.set(leg, pc);
}

function openSrtp(leg: string, to: number, theirs: SrtpKey): void {
  const keys = ownKeys(randomBytes(60));
  const session = new SrtpSession(keys);
  session.agree(theirs);
  const socket = createSocket('udp4');
  socket.on('message', (packet) => {
    const plain = session.receiver?.unprotect(packet) ?? null;
    const back = plain === null ? null : (session.sender?.protect(plain) ?? null);
    if (back !== null) socket.send(back);
  });
  socket.on('error', () => undefined);
  socket.bind(0, '127.0.0.1', () =>
    socket.connect(to, '127.0.0.1', () =>
      tell({ type: 'bound', leg, port: socket.address().port, key: { suite: theirs.suite, key: keys[theirs.suite] } }),
    ),
  );
}

process.on('message', (request: PeersRequest) => {
  if (request.type === 'open') open(request.leg);
  else if (request.type === 'srtp') openSrtp(request.leg, request.to, request.theirs);
  else peers.get(request.leg)?.setRemoteDescription(request.sdp, 'answer');
});
process.on('disconnect', () => process.exit(0));
