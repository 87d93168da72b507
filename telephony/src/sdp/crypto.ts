/** `a=crypto` lines (RFC 4568): keys of SRTP in the session description. A key never goes into an error or a log. */
import { readMasterKey, srtpSuites, type OwnKeys } from '../rtp/srtp/index.js';
import type { SdpCrypto } from './contract.js';

/** How many packets a key is good for, at least: five hours of speech. The far end brings a new key when its own is used up. */
const lifetimeMin = 2 ** 20;

/**
 * Reads what follows `a=crypto:`. A line that asks for more than we have is passed over, as RFC 4568 §5.1.2 wants it, so that the next one may do:
 * an unknown suite, several keys, a master key identifier, a short-lived key, session parameters that change the protection.
 *
 * @returns null for a line that we cannot take, whether broken or only beyond us
 */
export function readCrypto(value: string): SdpCrypto | null {
  const [tagText = '', suiteText = '', keyParameters = '', ...session] = value.trim().split(/[ \t]+/);
  if (!/^\d{1,9}$/.test(tagText)) return null;
  const suite = srtpSuites.find((known) => known === suiteText.toUpperCase());
  const [key = '', lifetime, ...rest] = keyParameters.replace(/^inline:/i, '').split('|');
  if (suite === undefined || !/^inline:/i.test(keyParameters) || rest.length > 0) return null;
  if (readMasterKey(key) === null || (lifetime !== undefined && !lastsLongEnough(lifetime))) return null;
  // How large a replay window the writer hopes for is a hint (§6.3.7); everything else changes what a packet looks like.
  if (session.some((parameter) => !/^-?WSH=\d+$/i.test(parameter))) return null;
  return { tag: Number(tagText), suite, key };
}

function lastsLongEnough(lifetime: string): boolean {
  const power = /^2\^(\d{1,2})$/.exec(lifetime);
  if (power !== null) return 2 ** Number(power[1]) >= lifetimeMin;
  return /^\d{1,15}$/.test(lifetime) && Number(lifetime) >= lifetimeMin;
}

const written = (tag: number, suite: SdpCrypto['suite'], keys: OwnKeys): string =>
  `a=crypto:${tag} ${suite} inline:${keys[suite]}`;

/** The line that takes `offered` up: its tag and suite, our own key. */
export const answerCrypto = (offered: SdpCrypto, keys: OwnKeys): string => written(offered.tag, offered.suite, keys);

/** Both suites, the longer tag first. */
export const offerCrypto = (keys: OwnKeys): string[] => srtpSuites.map((suite, i) => written(i + 1, suite, keys));
