/** The media side of a warm line, for the mock only: answers an offer and sends the heartbeat. */
import ndc from 'node-datachannel';
import { phoneMessage } from '@denwaban/core/wire';

/** @returns the answer and a function that ends the line */
export async function answerLine(sdp, onProven, onPacket = () => undefined) {
  const peer = new ndc.PeerConnection('mock', {
    iceServers: [],
    bindAddress: '127.0.0.1',
    portRangeBegin: 5380,
    portRangeEnd: 5399,
    disableAutoNegotiation: true,
    forceMediaTransport: true,
  });
  const mid = /a=mid:(\S+)/.exec(sdp.slice(sdp.indexOf('m=audio')))?.[1] ?? '0';
  const audio = new ndc.Audio(mid, 'SendRecv');
  audio.addAudioCodec(0, 'PCMU');
  audio.addSSRC(4711, 'mock', 's', 't');
  const track = peer.addTrack(audio);
  track.onMessage((packet) => onPacket(packet));
  let beats = 0;
  let timer;
  peer.onDataChannel((channel) => {
    const open = () => {
      if (timer) return; // told twice: by the event and by the look below
      timer = setInterval(() => {
        try {
          channel.sendMessage(JSON.stringify({ beat: ++beats }));
        } catch {
          clearInterval(timer);
        }
      }, 1000);
      channel.sendMessage(JSON.stringify({ beat: ++beats }));
    };
    channel.onOpen(open);
    channel.onMessage((text) => {
      if (text === '{"beat":1}') onProven();
    });
    if (channel.isOpen()) open();
  });
  const gathered = new Promise((resolve) => peer.onGatheringStateChange((state) => state === 'complete' && resolve()));
  peer.setRemoteDescription(sdp.replace(/a=candidate:.*\r\n|a=end-of-candidates\r\n/g, ''), 'offer');
  peer.setLocalDescription('answer');
  await gathered;
  return {
    answer: peer.localDescription().sdp,
    close() {
      clearInterval(timer);
      peer.close();
    },
  };
}

/** The customer's phone: rings after a moment and is answered after another. */
export function onPhone(socket) {
  let line;
  socket.on('close', () => line?.close());
  socket.on('message', async (data) => {
    const message = phoneMessage.parse(JSON.parse(String(data)));
    if (message.type === 'dial') {
      line = await answerLine(message.offer, () => undefined);
      socket.send(JSON.stringify({ type: 'dialling', answer: line.answer }));
      setTimeout(() => socket.send(JSON.stringify({ type: 'ringing' })), 800);
      setTimeout(() => socket.send(JSON.stringify({ type: 'answered' })), 2500);
    } else if (message.type === 'hang-up') line?.close();
  });
}
