/** The phone: protocol engines, media process and carriers. Knows no database. The media process itself is at `./media-process`. */
export * from './carriers/exchange/index.js';
export { connectMedia } from './media/client.js';
export { type MediaClient, MediaError, type MediaProcessState } from './media/contract.js';
export { connectMediaProcesses, patchAddressOf } from './media/pool.js';
export * from './media/protocol.js';
export { repairRecording } from './media/recorder/wav.js';
export { pooledChance } from './net/chance.js';
export { examine, type Finding, type FindingCode, type Patient } from './net/doctor.js';
export { createSipEndpoint, type SipEndpointOptions } from './net/sip-endpoint.js';
export type { TlsServer } from './net/tls.js';
export type { DialogSnapshot, IncomingCall, SipEndpoint, SipEndpointHandlers, SipSource } from './sip/contract.js';
