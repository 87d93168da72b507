import { header, type SipResponse } from '../message.js';
import { parseNumber } from '../syntax.js';

/** Seconds for which a far end wants to be left alone (RFC 3261 §20.33); null: it does not say. Comment and duration are passed over. */
export const readRetryAfter = (response: SipResponse): number | null =>
  parseNumber(/^\d+/.exec((header(response, 'retry-after') ?? '').trim())?.[0] ?? '', 2 ** 31);
