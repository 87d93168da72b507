/** RTP without sockets: headers, G.711, telephone-events, who may speak to a port, and how a stream of ours is numbered. Pure. */
export { sequencesApart, ticksApart, ticksPerMs } from './arithmetic.js';
export {
  alawSilence,
  alawToLinear,
  codecOf,
  linearTable,
  payloadTypeOf,
  toAlaw,
  toUlaw,
  transcode,
  ulawSilence,
  ulawToLinear,
  type Codec,
} from './g711.js';
export { isRtcp, readRtpHeader, rtpHeaderBytes, writeRtpHeader, type RtpHeader, type Stamp } from './header.js';
export { IncomingStream, type Verdict } from './incoming.js';
export { FaxTones, type FaxTone } from './fax-tones.js';
export { LineMeter, type DirectionQuality, type LineQuality } from './line-meter.js';
export { OutgoingStream } from './outgoing.js';
export { QualitySum } from './quality-sum.js';
export { SourceLock, type Source } from './source-lock.js';
export {
  ownKeys,
  readMasterKey,
  SrtpReceiver,
  SrtpSender,
  SrtpSession,
  srtpSuites,
  type OwnKeys,
  type SrtpKey,
  type SrtpSuite,
} from './srtp/index.js';
export type { Transport, TransportListener } from './transport.js';
export { digitSteps, eventDigits, isDigits, TelephoneEventReader, type EventStep } from './telephone-event.js';
