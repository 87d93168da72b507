/** Calls that the house places: whom and as whom, in the words of the trunk that they go by. */
import { isIPv6 } from 'node:net';
import type { CallRequest, OutgoingCall, OutgoingListener, SipEndpoint } from '../../sip/contract.js';
import { farServer } from './trunk-keeper.js';
import type { Trunk, TrunkOutbound } from './trunk.js';

export interface CallOrder {
  /** A number as it is dialled at this trunk, or the sip: or tel: address that a REFER names. */
  to: string;
  /** Null: the trunk's own. */
  callerId: string | null;
  callerName: string | null;
  withheld: boolean;
  offer: string;
  ringMsMax: number;
  replaces?: string | null;
  referredBy?: string | null;
}

/** A call that may not have left yet: the carrier's name is looked up first. */
export interface PlacedCall extends Pick<OutgoingCall, 'source' | 'hangUp' | 'snapshot' | 'reoffer'> {}

export type CanCallOut = Trunk & { outbound: TrunkOutbound };
export const canCallOut = (trunk: Trunk | null): trunk is CanCallOut => trunk?.outbound !== undefined;

/** What an order is in SIP, by this trunk's account, domain and way to tell a caller's number. */
export function requestOf(trunk: CanCallOut, order: CallOrder): Omit<CallRequest, 'hops'> {
  const { server, account, callerId, callerIdHeader, headers } = trunk.outbound;
  const { register } = trunk;
  const host = isIPv6(server.host) ? `[${server.host}]` : server.host;
  const domain = register?.domain ?? trunk.contactHost ?? host;
  const address = (user: string) => `sip:${written(user)}@${domain}`;
  const number = order.callerId ?? callerId ?? register?.user ?? account?.username ?? null;
  const name = register?.user ?? account?.username ?? number;
  const inFrom = callerIdHeader === 'from' || callerIdHeader === 'both' ? number : name;
  const told = callerIdHeader !== 'from' && number !== null;
  const known = account ?? register?.account ?? null;
  return {
    trunk: trunk.id,
    credentials: known,
    to: /^(?:sips?|tel):/i.test(order.to) ? order.to : `sip:${written(order.to)}@${host}`,
    from: inFrom === null ? `sip:anonymous@${domain}` : address(inFrom),
    displayName: order.callerName,
    identity: told ? { header: callerIdHeader === 'ppi' ? 'preferred' : 'asserted', uri: address(number) } : null,
    withheld: order.withheld,
    offer: order.offer,
    hopMs,
    ringMsMax: order.ringMsMax,
    replaces: order.replaces ?? null,
    headers:
      order.referredBy === undefined || order.referredBy === null
        ? headers
        : [...headers, { name: 'Referred-By', value: order.referredBy }],
  };
}

/**
 * A person waits for each call. A far end that is there says so (100) within its first copies, of which five go out in this time
 * over UDP; RFC 3261 would wait for 32 s.
 */
const hopMs = 8_000;

/** A user part: `#` and the like begin something else there (RFC 3261 §19.1.2). */
const written = (user: string): string =>
  encodeURIComponent(user).replace(/%2B/g, '+').replace(/%3D/g, '=').replace(/%26/g, '&').replace(/%24/g, '$');

export interface CallingOut {
  /** The listener hears nothing before this returns. */
  place(trunk: CanCallOut, order: CallOrder, listener: OutgoingListener): PlacedCall;
}

export function createCallingOut(sip: Pick<SipEndpoint, 'hopsOf' | 'call'>): CallingOut {
  return {
    place(trunk, order, listener) {
      let call: OutgoingCall | null = null;
      let unwanted = false;
      void sip.hopsOf(farServer(trunk, trunk.outbound.server)).then((hops) => {
        if (!unwanted) call = sip.call({ ...requestOf(trunk, order), hops }, listener);
      });
      return {
        get source() {
          return call?.source ?? null;
        },
        hangUp(cause) {
          if (call !== null) return call.hangUp(cause);
          if (unwanted) return;
          unwanted = true;
          queueMicrotask(() => listener.onEnded('cancelled', null, null, null));
        },
        reoffer: (sdp) => call?.reoffer(sdp),
        snapshot: () => call?.snapshot() ?? null,
      };
    },
  };
}
