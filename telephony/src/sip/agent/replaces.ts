/** An INVITE that is to take the place of a call (RFC 3891). */
import { headerValues, type SipRequest } from '../message.js';
import { param, parseParams } from '../syntax.js';

export interface Replaces {
  callId: string;
  /** Both are named from our side (§3). */
  localTag: string;
  remoteTag: string;
  /** Only if it was not answered yet. */
  earlyOnly: boolean;
}

/** Null: it replaces nothing. */
export function readReplaces(request: SipRequest): Replaces | 'malformed' | null {
  const [value, ...more] = headerValues(request, 'replaces');
  if (value === undefined) return null;
  const semicolon = value.indexOf(';');
  const params = semicolon < 1 ? null : parseParams(value, semicolon);
  const local = param(params ?? [], 'to-tag') ?? '';
  const remoteTag = param(params ?? [], 'from-tag') ?? '';
  // Two at a time, or one beside a Join, have no meaning (§3).
  if (more.length > 0 || headerValues(request, 'join').length > 0 || local === '' || remoteTag === '')
    return 'malformed';
  const callId = value.slice(0, semicolon).trim();
  return { callId, localTag: local, remoteTag, earlyOnly: param(params ?? [], 'early-only') !== null };
}
