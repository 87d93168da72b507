/** Session descriptions of G.711 audio with telephone-events. Start at contract.ts. Pure. */
export type { SdpAudio } from './contract.js';
export { parseSdp, type SdpCode, type SdpResult } from './parse.js';
export { answerSdp, offerSdp, type SdpOurs } from './write.js';
