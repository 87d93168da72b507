/** The embedded exchange: SIP trunks, warm lines and web phones behind core's Telephony port. Start at exchange.ts. */
export { createExchange, type Exchange, type ExchangeOptions } from './exchange.js';
export type { NumberFormat } from './dialled-number.js';
export type { ExchangeHealth } from './health.js';
export { ExchangeError, exchangeErrors } from './errors.js';
export { measureRecording, recordingPath } from './recording-file.js';
export type {
  CallerIdHeader,
  SrtpPolicy,
  Trunk,
  TrunkAccount,
  TrunkOutbound,
  TrunkRegister,
  TrunkServer,
  TrunkTls,
} from './trunk.js';
export type { TrunkHealth } from './trunk-keeper.js';
export { loopbackAddresses, TrunkConfigError, trunkFinder } from './trunks.js';
export type { Log } from './log.js';
