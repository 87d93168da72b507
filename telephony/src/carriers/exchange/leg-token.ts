/** What of a leg outlives the process: the text that `leg.answered` and `leg.moved` carry to the journal. */
import type { DialogSnapshot } from '../../sip/contract.js';

export interface LegToken extends DialogSnapshot {
  /** A call is being placed in this one's stead (REFER): the CANCEL with which another process can end it. */
  placed?: string;
  /** The far end has hung up in hope of that call: nobody is left at the dialog. */
  left?: true;
}

/** @returns the dialog that a token of `leg.answered` or `leg.moved` stands for, or null when it is none of ours */
export function readToken(token: string): LegToken | null {
  try {
    const value: unknown = JSON.parse(token);
    return isSnapshot(value) ? value : null;
  } catch {
    return null;
  }
}

function isSnapshot(value: unknown): value is LegToken {
  if (!isRecord(value) || !isRecord(value['source'])) return false;
  const { source, routeSet, localCseq, remoteCseq } = value;
  const texts = ['callId', 'localUri', 'localTag', 'remoteUri', 'remoteTag', 'remoteTarget'];
  return (
    texts.every((key) => typeof value[key] === 'string') &&
    Array.isArray(routeSet) &&
    routeSet.every((route) => typeof route === 'string') &&
    typeof localCseq === 'number' &&
    (remoteCseq === null || typeof remoteCseq === 'number') &&
    ['udp', 'tcp', 'tls'].includes(source['transport'] as string) &&
    typeof source['address'] === 'string' &&
    typeof source['port'] === 'number' &&
    (value['session'] === undefined || isSession(value['session'])) &&
    (value['referral'] === undefined || isReferral(value['referral'])) &&
    (value['placed'] === undefined || typeof value['placed'] === 'string') &&
    (value['left'] === undefined || value['left'] === true)
  );
}
function isSession(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { weCalled, allowsUpdate, timer } = value;
  const timed =
    isRecord(timer) &&
    typeof timer['intervalS'] === 'number' &&
    timer['intervalS'] >= 90 &&
    (timer['refresher'] === 'us' || timer['refresher'] === 'them');
  return typeof weCalled === 'boolean' && typeof allowsUpdate === 'boolean' && (timer === null || timed);
}
const isReferral = (value: unknown): boolean =>
  isRecord(value) && (value['id'] === null || typeof value['id'] === 'number');
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
