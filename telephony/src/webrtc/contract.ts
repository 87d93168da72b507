import type { Transport, TransportListener } from '../rtp/index.js';

export interface WebRtcOptions {
  bindAddress: string;
  publicAddress: string;
  /** One UDP port for every browser (ICE mux): one hole in the firewall. */
  port: number;
  now: () => number;
}

/** Opens a browser's leg. @throws OfferError */
export interface WebRtcOpener {
  open(request: {
    leg: string;
    offer: string;
    ssrc: number;
    /** A warm line: expects the data channel `ctl`. */
    heartbeat: boolean;
    listener: TransportListener;
  }): Promise<{ transport: Transport; answer: string }>;
  /** Gives the port back, with all that is on it. */
  close?(): Promise<void>;
}

/** The offer could not be answered. */
export class OfferError extends Error {
  override readonly name = 'OfferError';
  readonly code: 'bad-sdp' | 'failed';
  constructor(code: 'bad-sdp' | 'failed', detail: string) {
    super(detail);
    this.code = code;
  }
}

/** The port of all browsers is not ours to have. */
export class MuxPortError extends Error {
  override readonly name = 'MuxPortError';
}
