import type { Datagrams } from '../net/datagrams/index.js';
import type { WebRtcOpener, WebRtcOptions } from './contract.js';
import { makeCertificate } from './dtls/certificate.js';
import { DtlsContext } from './dtls/context.js';
import { loadOpenSsl, type OpenSsl } from './dtls/openssl.js';
import { createOwnWebRtc } from './own-peers.js';

export interface WebRtcChoice {
  webrtc: WebRtcOpener;
  /** Why not our own; null when it is. */
  because: string | null;
}

/**
 * Takes the port, so that a clash is told at the start and not at the first call.
 *
 * @param wanted what DENWABAN_WEBRTC says: `libdatachannel` is the library, anything else our own where possible
 * @throws MuxPortError
 */
export async function createWebRtc(
  options: WebRtcOptions,
  { wanted, datagrams, load = loadOpenSsl }: { wanted: string | undefined; datagrams: Datagrams; load?: () => OpenSsl },
): Promise<WebRtcChoice> {
  const found = /^libdatachannel$/i.test(wanted ?? '') ? 'DENWABAN_WEBRTC is libdatachannel' : find(load);
  if (typeof found !== 'string') {
    return { webrtc: await createOwnWebRtc(options, { datagrams, dtls: found }), because: null };
  }
  // Not loaded for nothing: its library starts threads.
  const { createLibWebRtc } = await import('./peers.js');
  return { webrtc: await createLibWebRtc(options), because: found };
}

function find(load: () => OpenSsl): DtlsContext | string {
  try {
    return new DtlsContext(load(), makeCertificate(Date.now()));
  } catch (error) {
    return error instanceof Error ? error.message.split('\n')[0]! : String(error);
  }
}
