/** What matters to us in an audio description (RFC 8866, RFC 3264): one G.711 stream and its telephone-events. */
export interface SdpAudio {
  /** Connection address of the audio stream (media level before session level). */
  address: string;
  /** 0: the stream is refused. */
  port: number;
  /** Of PCMU and PCMA, in the order of the far end's preference; empty: nothing in common. */
  codecs: ('PCMU' | 'PCMA')[];
  /** RFC 4733 at 8 000 Hz, or null. */
  dtmfPayloadType: number | null;
  ptimeMs: number;
  direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
  /** The raw text, needed to answer in the same order of media lines (RFC 3264 §6: every m= line is answered). */
  raw: string;
}
