/**
 * What the lab puts into a page before its own code runs: a tap on the encoded audio that crosses the page's network edge,
 * a clock at the elements a person would look at or click, and, when asked, a microphone without processing.
 *
 * The tap is RTCRtpScriptTransform (webrtc-encoded-transform): it sees each frame just after the encoder and just before the
 * jitter buffer, so `at` is the moment of the network, not of the ear, and the bytes are the very G.711 that were on the wire.
 */

export interface TappedFrame {
  /** Epoch ms, with fractions, on the page's clock; all pages and Node share one machine's clock. */
  at: number;
  /** RTP timestamp, 8 kHz ticks. */
  ticks: number;
  payload: Uint8Array;
}

/** One showing of an element with a test id: epoch ms; `to` is null while it is there. */
export interface Showing {
  from: number;
  to: number | null;
}

export interface InPageOptions {
  /** Asks for the microphone without echo cancelling, noise suppression and gain control, whatever the page wanted. */
  rawMicrophone: boolean;
  /** Needs a context that ignores the page's CSP: its worker comes from a blob. */
  tap: boolean;
}

/** Runs inside the page: no imports, no closures over this file. */
export function prepare(options: InPageOptions): void {
  const lab = {
    sent: [] as unknown[],
    received: [] as unknown[],
    shown: {} as Record<string, unknown[]>,
    clicks: {},
    lateMs: 0,
  };
  const clicks: Record<string, number[]> = lab.clicks;
  const shown: Record<string, { from: number; to: number | null }[]> = lab.shown as never;
  Object.assign(globalThis, { denwabanLab: lab });

  const now = () => performance.timeOrigin + performance.now();
  const testId = (node: EventTarget | null) =>
    node instanceof Element ? (node.closest('[data-testid]')?.getAttribute('data-testid') ?? null) : null;
  document.addEventListener(
    'click',
    (event) => {
      const id = testId(event.target);
      if (id !== null) (clicks[id] ??= []).push(now());
    },
    true,
  );
  const look = () => {
    const here = new Set(
      [...document.querySelectorAll('[data-testid]')].map((element) => element.getAttribute('data-testid') ?? ''),
    );
    for (const id of here) {
      const list = (shown[id] ??= []);
      const last = list.at(-1);
      if (!last || last.to !== null) list.push({ from: now(), to: null });
    }
    for (const [id, list] of Object.entries(shown)) {
      const last = list.at(-1);
      if (last && last.to === null && !here.has(id)) last.to = now();
    }
  };
  new MutationObserver(look).observe(document, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ['data-testid'],
  });

  // How late this page's own thread runs, as Node's `watchLateness` does for the lab.
  let due = performance.now() + 20;
  setInterval(() => {
    lab.lateMs = Math.max(lab.lateMs, performance.now() - due);
    due = performance.now() + 20;
  }, 20);

  if (options.rawMicrophone && navigator.mediaDevices) {
    const native = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (wanted) => {
      const audio = typeof wanted?.audio === 'object' ? wanted.audio : {};
      const raw = { ...audio, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      return native(wanted?.audio ? { ...wanted, audio: raw } : wanted);
    };
  }

  if (!options.tap) return;
  const worker = `onrtctransform = async ({ transformer: { options, readable, writable } }) => {
    const reader = readable.getReader(), writer = writable.getWriter();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const at = performance.timeOrigin + performance.now();
      const bytes = String.fromCharCode(...new Uint8Array(value.data));
      const meta = value.getMetadata();
      postMessage({ way: options.way, at, ticks: meta.rtpTimestamp ?? value.timestamp, payload: btoa(bytes) });
      await writer.write(value);
    }
  }`;
  const tapper = new Worker(URL.createObjectURL(new Blob([worker], { type: 'text/javascript' })));
  tapper.onmessage = ({ data }: MessageEvent<{ way: 'sent' | 'received' }>) => lab[data.way].push(data);
  const Native = RTCPeerConnection;
  const tapped = (transceiver: RTCRtpTransceiver) => {
    transceiver.sender.transform ??= new RTCRtpScriptTransform(tapper, { way: 'sent' });
    transceiver.receiver.transform ??= new RTCRtpScriptTransform(tapper, { way: 'received' });
    return transceiver;
  };
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener('track', (event) => tapped(event.transceiver));
    }
    override addTransceiver(track: MediaStreamTrack | string, init?: RTCRtpTransceiverInit): RTCRtpTransceiver {
      return tapped(super.addTransceiver(track, init));
    }
    override addTrack(track: MediaStreamTrack, ...streams: MediaStream[]): RTCRtpSender {
      const sender = super.addTrack(track, ...streams);
      for (const transceiver of this.getTransceivers()) tapped(transceiver);
      return sender;
    }
  };
}
