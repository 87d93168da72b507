/** WebRTC legs on libdatachannel. One port for all of them; only on a process's main thread. Start at peers.ts. */
export { createWebRtc, MuxPortError, OfferError, type WebRtcOpener, type WebRtcOptions } from './peers.js';
