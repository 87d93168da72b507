/**
 * Keeps one address of ours with a registrar: carries out what registration.ts decides, writes the REGISTER (RFC 3261 §10.2) and
 * learns from the answers by which address and port we are seen (RFC 3581).
 */
import type { Credentials } from '../digest/authorizer.js';
import { header, headerValues, type SipHeader, type SipResponse } from '../message.js';
import { mintCallId, mintTag } from '../mint.js';
import { parseNameAddress } from '../name-address.js';
import { isPrivate } from '../next-hop.js';
import type { Essentials } from '../parse.js';
import type { Hop } from '../ports.js';
import { requestOutside } from '../requests.js';
import { param, parseNumber } from '../syntax.js';
import type { ClientTransaction } from '../transaction/client.js';
import { parseSipUri } from '../uri.js';
import type { AgentCore } from './core.js';
import { contactTowards, knownAs, placeTowards, type Ourselves } from './ourselves.js';
import { sendOutside } from './outside.js';
import { idle, stepRegistration, type RegistrationInput, type RegistrationTrouble } from './registration.js';
import { readRetryAfter } from './retry-after.js';
import { allowHeader } from './rules.js';

export interface RegistrationPlan {
  servers: number;
  /** Where a server is now; none when its name leads nowhere. May call back at once or later. */
  hopsOf(server: number, found: (hops: readonly Hop[]) => void): void;
  user: string;
  domain: string;
  credentials: Credentials;
  expiresS: number;
  contactHost: string | null;
}

export interface RegistrationNews {
  standing: boolean;
  because: RegistrationTrouble | null;
  /** The way that the registrar knows us by, while it stands: to be kept open. */
  flow: Hop | null;
}

export interface Registrar {
  /** A connection is gone. */
  connectionClosed(connection: number): void;
  /** Takes our address back where it stands. `gone` when that was answered, or given up. */
  stop(gone: () => void): void;
  /** Says nothing more; the address stays for the process that comes next. */
  leave(): void;
}

type Core = Pick<AgentCore, 'sendRequest' | 'firstCseq' | 'chance' | 'timers' | 'upTo'> & { now(): number };

/** A registrar that is there answers at once; the next one should not wait half a minute. */
const hopMs = 8_000;

export function keepRegistered(
  core: Core,
  us: Ourselves,
  plan: RegistrationPlan,
  told: (news: RegistrationNews) => void,
): Registrar {
  const callId = mintCallId(core.chance);
  const fromTag = mintTag(core.chance);
  let state = idle(plan.expiresS);
  let cseq = core.firstCseq();
  let cancelTimer: () => void = () => {};
  let over = false;
  let gone: () => void = () => {};
  /** How the registrar sees us, where that differs from what we think. */
  let seen: { host: string; port: number } | null = null;
  let flow: { hop: Hop; connection: number | null } | null = null;
  let said = '';

  const here = (): Ourselves =>
    seen === null || plan.contactHost !== null
      ? knownAs(us, plan.contactHost)
      : { ...us, publicAddress: seen.host, publicAddress6: seen.host, port: seen.port, tlsPort: seen.port };

  function feed(input: RegistrationInput): void {
    if (over) return;
    const setting = {
      servers: plan.servers,
      expiresS: plan.expiresS,
      nowMs: core.now(),
      random: () => core.upTo(10_000) / 10_000,
    };
    const [next, actions] = stepRegistration(state, input, setting);
    state = next;
    for (const action of actions) {
      cancelTimer();
      if (action.do === 'wait') cancelTimer = core.timers.after(action.ms, () => feed({ type: 'timer' }));
      else if (action.do === 'ask') ask(action.server, action.expiresS);
      else {
        over = true;
        gone();
      }
    }
    report();
  }

  function report(): void {
    const standing = state.untilMs !== null && state.untilMs > core.now() && state.status !== 'left';
    const news: RegistrationNews = { standing, because: state.because, flow: standing ? (flow?.hop ?? null) : null };
    const words = JSON.stringify([standing, state.because, flow?.hop.address, flow?.hop.port, flow?.connection]);
    if (words === said) return;
    said = words;
    told(news);
  }

  function ask(server: number, expiresS: number): void {
    plan.hopsOf(server, (hops) => {
      if (over) return;
      if (hops.length === 0) return feed({ type: 'failed', because: 'no-address' });
      // The way that stands first: another of the same server may not know of it.
      const first = expiresS > 0 && flow !== null ? [flow.hop] : [];
      const ordered = [...first, ...hops.filter((hop) => !first.some((one) => isSamePlace(one, hop)))];
      const aor = `<sip:${plan.user}@${bracketed(plan.domain)}>`;
      const outside = sendOutside(
        core,
        {
          hops: ordered,
          credentials: plan.credentials,
          cseq: cseq + 1,
          hopMs,
          request: (hop) =>
            requestOutside({
              ...{ method: 'REGISTER', uri: `sip:${bracketed(plan.domain)}`, from: aor, to: aor, callId },
              fromTag,
              extra: [contactFor(hop), { name: 'expires', value: String(expiresS) }, allowHeader],
            }),
        },
        {
          onResponse(response, read, by) {
            cseq = outside.cseq;
            if (response.status >= 200) onAnswer(response, read, by, expiresS);
          },
          onFailed(because) {
            cseq = outside.cseq;
            flow = null;
            feed({ type: 'failed', because });
          },
        },
      );
    });
  }

  const contactFor = (hop: Hop): SipHeader => contactTowards(here(), hop, null, plan.user);

  function onAnswer(response: SipResponse, read: Essentials, by: ClientTransaction, askedS: number): void {
    const { status } = response;
    if (status === 423) {
      return feed({ type: 'too-brief', minExpiresS: parseNumber(header(response, 'min-expires') ?? '', 2 ** 31) ?? 0 });
    }
    if (status >= 300) {
      const retryAfterS = readRetryAfter(response);
      return feed({ type: 'refused', status, retryAfterS });
    }
    flow = { hop: { ...by.hop, connection: by.connection }, connection: by.connection };
    const moved = askedS > 0 && learn(by.hop, read);
    feed({ type: 'granted', expiresS: grantedS(response, by, askedS) });
    // Known now by what others see; the address before it runs out by itself.
    if (moved) feed({ type: 'moved' });
  }

  /** Behind a NAT our own address means nothing to the registrar, and neither would its calls find us. */
  function learn(hop: Hop, { via }: Essentials): boolean {
    if (plan.contactHost !== null) return false; // by a name it finds us wherever we are
    const received = param(via.params, 'received');
    const rport = parseNumber(param(via.params, 'rport') ?? '', 65_535);
    const ours = placeTowards(here(), hop);
    const host = received === null ? ours.host : bracketed(received);
    const port = rport === null || rport === 0 ? ours.port : rport;
    if (host === ours.host && port === ours.port) return false;
    // An address of the open Internet was configured by somebody who knows; over a connection the calls come back on it anyway.
    if (!isPrivate(placeTowards(us, hop).host.replace(/^\[|\]$/g, ''))) return false;
    if (host === ours.host && hop.transport !== 'udp') return false;
    seen = { host: host.replace(/^\[|\]$/g, ''), port };
    return true;
  }

  function grantedS(response: SipResponse, by: ClientTransaction, askedS: number): number {
    const own = parseNameAddress(header(by.request, 'contact') ?? '')?.uri ?? '';
    const contacts = headerValues(response, 'contact').map(parseNameAddress);
    const ours = contacts.find((contact) => contact !== null && isSameUri(contact.uri, own));
    const only = contacts.length === 1 ? contacts[0] : null;
    const named = param((ours ?? only)?.params ?? [], 'expires');
    return parseNumber(named ?? header(response, 'expires') ?? '', 2 ** 31) ?? askedS;
  }

  feed({ type: 'start' });
  return {
    connectionClosed(connection) {
      if (flow === null || flow.connection !== connection) return;
      flow = { hop: { ...flow.hop, connection: null }, connection: null };
      feed({ type: 'flow-lost' });
    },
    stop(done) {
      gone = done;
      if (over) return done();
      feed({ type: 'stop' });
    },
    leave() {
      over = true;
      cancelTimer();
    },
  };
}

const bracketed = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);
const isSamePlace = (a: Hop, b: Hop): boolean =>
  a.transport === b.transport && a.address === b.address && a.port === b.port;

/** Registrars add and reorder parameters: user, host and port are what says whose it is. */
function isSameUri(a: string, b: string): boolean {
  const [one, two] = [parseSipUri(a), parseSipUri(b)];
  return one !== null && two !== null && one.user === two.user && one.host === two.host && one.port === two.port;
}
