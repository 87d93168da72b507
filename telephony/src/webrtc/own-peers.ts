import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import type { Datagrams, DatagramSocket } from '../net/datagrams/index.js';
import { BrowserPort } from './browser-port.js';
import { MuxPortError, OfferError, type WebRtcOpener, type WebRtcOptions } from './contract.js';
import type { DtlsContext } from './dtls/context.js';
import { finishAnswer, readOffer } from './offer.js';
import { OwnTransport } from './own-transport.js';
import { readSession, writeAnswer } from './session.js';

/** Datagrams of browsers before others have their turn: they all share one socket. */
const burst = 64;
/** All browsers' packets wait here while we do something else. Systems give what they allow. */
const receiveBufferBytes = 4 * 2 ** 20;
const lookAroundMs = 5_000;

export interface OwnWebRtc extends WebRtcOpener {
  readonly port: BrowserPort;
  close(): Promise<void>;
}

/**
 * Our own ICE-lite, DTLS and SRTP.
 *
 * @param dtls freed with all else
 * @throws MuxPortError
 */
export async function createOwnWebRtc(
  options: WebRtcOptions,
  { datagrams, dtls }: { datagrams: Datagrams; dtls: DtlsContext },
): Promise<OwnWebRtc> {
  const { bindAddress, publicAddress, now } = options;
  const socket = await bind(datagrams, bindAddress, options.port);
  socket.receiveBuffer(receiveBufferBytes);
  const port = new BrowserPort(socket);
  const transports = new Set<OwnTransport>();
  const lookAround = setInterval(() => {
    for (const transport of transports) {
      if (transport.ended) transports.delete(transport);
      else transport.check(now());
    }
  }, lookAroundMs);
  lookAround.unref();

  return {
    port,
    // eslint-disable-next-line @typescript-eslint/require-await -- what is thrown becomes a rejection, as the contract says
    async open({ offer, ssrc, heartbeat, listener }) {
      const read = readOffer(offer);
      if (read === null) throw new OfferError('bad-sdp', 'the offer has no audio with PCMU and a mid');
      const theirs = readSession(read);
      if (typeof theirs === 'string') throw new OfferError('bad-sdp', theirs);
      // 48 and 144 bits (RFC 8445 §5.3 asks for 24 and 128), in characters of which all are ICE's.
      const ours = { ufrag: randomBytes(6).toString('base64'), password: randomBytes(18).toString('base64') };
      const { dtmfPayloadType } = read;
      const transport = new OwnTransport({ port, dtls, ours, theirs, dtmfPayloadType, heartbeat, listener, now });
      transports.add(transport);
      const answer = writeAnswer(read, theirs, {
        ...ours,
        fingerprint: dtls.fingerprint,
        ssrc,
        addresses: addressesOf(bindAddress),
        port: options.port,
        sessionId: randomBytes(4).readUInt32BE(),
      });
      return {
        transport,
        answer: finishAnswer(answer, { bind: bindAddress, public: publicAddress, port: options.port }),
      };
    },
    close: () =>
      new Promise((resolve) => {
        clearInterval(lookAround);
        for (const transport of transports) transport.close();
        dtls.free();
        socket.close(resolve);
      }),
  };
}

const isAny = (address: string): boolean => address === '0.0.0.0' || address === '::';

async function bind(datagrams: Datagrams, address: string, port: number): Promise<DatagramSocket> {
  try {
    // One socket hears both families. Where there is no IPv6, there is the other.
    if (isAny(address)) return await datagrams.bind({ address: '::', port, burst }).catch(no6);
    return await datagrams.bind({ address, port, burst });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new MuxPortError(`UDP port ${port} on ${address} is not to be had: ${detail}`);
  }
  async function no6(error: NodeJS.ErrnoException): Promise<DatagramSocket> {
    if (error.code === 'EADDRINUSE') throw error;
    return datagrams.bind({ address: '0.0.0.0', port, burst });
  }
}

/** Where browsers may reach us, without those that need a scope: an SDP has none. */
function addressesOf(bindAddress: string): string[] {
  if (!isAny(bindAddress)) return [bindAddress];
  const all = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  const outside = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  const addresses = (outside.length > 0 ? outside : all).map(({ address }) => address);
  // IPv4 first, as its paths are the better kept ones in offices.
  return [...addresses.filter((one) => !one.includes(':')), ...addresses.filter((one) => one.includes(':'))];
}
