/** SRTP and SRTCP with keys from the signalling (RFC 3711, RFC 4568): start at session.ts. Pure: bytes in, bytes out. */
export { readMasterKey, srtpSuites, type SrtpKey, type SrtpSuite } from './keys.js';
export { ownKeys, SrtpSession, type OwnKeys } from './session.js';
export { SrtpReceiver, SrtpSender } from './stream.js';
