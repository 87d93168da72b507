import { createSocket } from 'node:dgram';
import type { IceUdpMuxListener } from 'node-datachannel';
import { isIPv6 } from 'node:net';
import { MuxPortError, OfferError, type WebRtcOpener, type WebRtcOptions } from './contract.js';
import { finishAnswer, readOffer } from './offer.js';
import { WebRtcTransport } from './transport.js';

/** Loads the native library and takes the port, so that a clash is told at the start and not at the first call. */
export async function createLibWebRtc(options: WebRtcOptions): Promise<WebRtcOpener> {
  await probe(options.bindAddress, options.port);
  const library = await import('node-datachannel');
  library.initLogger('Error', () => undefined);
  library.preload();
  const anyAddress = options.bindAddress === '0.0.0.0' || options.bindAddress === '::';
  const portHeld = holdPort(
    () => new library.IceUdpMuxListener(options.port, anyAddress ? undefined : options.bindAddress),
  );

  return {
    // It also keeps the port: from the start, and not from the first browser on.
    // eslint-disable-next-line @typescript-eslint/require-await -- our own takes a moment
    close: async () => portHeld.stop(),
    async open({ leg, offer, ssrc, heartbeat, listener }) {
      const read = readOffer(offer);
      if (read === null) throw new OfferError('bad-sdp', 'the offer has no audio with PCMU and a mid');
      const peer = new library.PeerConnection(leg, {
        iceServers: [],
        ...(anyAddress ? {} : { bindAddress: options.bindAddress }),
        portRangeBegin: options.port,
        portRangeEnd: options.port,
        enableIceUdpMux: true,
        disableAutoNegotiation: true,
        forceMediaTransport: true,
      });
      try {
        const audio = new library.Audio(read.mid, 'SendRecv');
        audio.addAudioCodec(0, 'PCMU');
        if (read.dtmfPayloadType !== null) audio.addAudioCodec(read.dtmfPayloadType, 'telephone-event');
        // Without our SSRC in the answer Chromium counts packets on the transport but plays none.
        audio.addSSRC(ssrc, 'denwaban', 'denwaban', 'audio');
        // Before the remote description: a track taken from onTrack sends into the void.
        const track = peer.addTrack(audio);
        const transport = new WebRtcTransport(peer, track, {
          dtmfPayloadType: read.dtmfPayloadType,
          heartbeat,
          listener,
          now: options.now,
        });
        const gathered = new Promise<void>((resolve) =>
          peer.onGatheringStateChange((state) => {
            if (state === 'complete') resolve();
          }),
        );
        peer.setRemoteDescription(read.sdp, 'offer');
        peer.setLocalDescription('answer');
        await within(2_000, gathered);
        const sdp = peer.localDescription()?.sdp;
        if (sdp === undefined) throw new Error('no answer was made');
        const addresses = { bind: options.bindAddress, public: options.publicAddress, port: options.port };
        return { transport, answer: finishAnswer(sdp, addresses) };
      } catch (error) {
        peer.close();
        if (error instanceof OfferError) throw error;
        throw new OfferError('bad-sdp', error instanceof Error ? error.message : String(error));
      }
    },
  };
}

/** Without a listener of its own the library would bind the port with the first browser and leave it with the last. */
function holdPort(listen: () => IceUdpMuxListener): IceUdpMuxListener {
  try {
    const listener = listen();
    // STUN for no browser of ours: strangers, or one whose leg has just ended.
    listener.onUnhandledStunRequest(() => undefined);
    return listener;
  } catch (error) {
    throw new MuxPortError(error instanceof Error ? error.message : String(error));
  }
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new OfferError('failed', 'gathering did not end')), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function probe(address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    socket.once('error', (error) => {
      socket.close();
      reject(new MuxPortError(`UDP port ${port} on ${address} is not to be had: ${error.message}`));
    });
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve()));
  });
}
