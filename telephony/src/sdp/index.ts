/** Session descriptions of G.711 audio with telephone-events. Start at contract.ts. Pure. */
export type { SdpAudio, SdpCrypto, SrtpPolicy } from './contract.js';
export { parseSdp, type SdpCode, type SdpResult, type SdpWish } from './parse.js';
export { answerSdp, offerSdp, type SdpOurs } from './write.js';
