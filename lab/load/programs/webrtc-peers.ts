/**
 * Many browsers' audio without browsers: node-datachannel peers, each of which sends back every packet it hears. Driven over
 * the process's channel: `open` brings an offer, `answer` its answer, `opened` tells that audio can flow.
 */
import ndc from 'node-datachannel';

export type PeersRequest = { type: 'open'; leg: string } | { type: 'answer'; leg: string; sdp: string };
export type PeersEvent = { type: 'offer'; leg: string; sdp: string } | { type: 'opened'; leg: string };

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
  track.onMessage((packet) => {
    const type = (packet[1] ?? 0) & 0x7f;
    if (type >= 64 && type <= 95) return; // RTCP (RFC 5761 §4)
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

process.on('message', (request: PeersRequest) => {
  if (request.type === 'open') open(request.leg);
  else peers.get(request.leg)?.setRemoteDescription(request.sdp, 'answer');
});
process.on('disconnect', () => process.exit(0));
