/** WebRTC legs: by our own ICE-lite, DTLS and SRTP (own-peers.ts), or by libdatachannel (peers.ts). One port for all of them. */
export { createWebRtc, type WebRtcChoice } from './choose.js';
export { MuxPortError, OfferError, type WebRtcOpener, type WebRtcOptions } from './contract.js';
