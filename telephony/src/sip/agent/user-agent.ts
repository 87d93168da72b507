/**
 * The user agent: bytes in, calls up, bytes out through the ports. No socket, no clock and no chance of its own.
 *
 * The order in which a message is judged: source, syntax, response or request, copy of a known request, dialog, rules (§8.2),
 * and only then is anything made of it.
 */
import type {
  CallListener,
  CallRequest,
  DialogSnapshot,
  IncomingCall,
  OutgoingCall,
  OutgoingListener,
  SipEndpointHandlers,
} from '../contract.js';
import { headerValues, type SipHeader, type SipRequest } from '../message.js';
import { mintBranch, mintTag } from '../mint.js';
import { tagOf } from '../name-address.js';
import { parseMessage, type Essentials } from '../parse.js';
import type { Arrival, Chance, Hop, SipLog, Timers, Wire } from '../ports.js';
import { responseTo } from '../responses.js';
import { serializeMessage } from '../serialize.js';
import { Alarms } from '../transaction/alarms.js';
import type { ClientTransaction, ClientUser } from '../transaction/client.js';
import { TransactionLayer } from '../transaction/layer.js';
import type { ServerTransaction } from '../transaction/server.js';
import { rfcTimers, type TimerValues } from '../transaction/timers.js';
import { formatVia, type Via } from '../via.js';
import { Calls } from './calls.js';
import type { AgentCore } from './core.js';
import { DialogLink, reasonHeader } from './dialog-link.js';
import { Door } from './door.js';
import { Farewells } from './farewell.js';
import { defaultLimits, type AgentLimits } from './limits.js';
import { Lobby } from './lobby.js';
import { Locator, type FindPlaces } from './locator.js';
import { sendOutside, type Outside, type OutsideRequest, type OutsideUser } from './outside.js';
import { contactTowards, knownAs, placeTowards, type Ourselves } from './ourselves.js';
import { acceptHeader, allowHeader, refusalOf, supportedHeader } from './rules.js';

export interface UserAgentOptions extends Ourselves {
  /** Server and User-Agent; null for none. */
  userAgent: string | null;
  handlers: SipEndpointHandlers;
  wire: Wire;
  timers: Timers;
  /** Milliseconds from anywhere, never going back. */
  now(): number;
  /** Epoch ms. */
  wallNow?(): number;
  chance: Chance;
  /** Names that far ends give within calls; without it requests go where the far end was last heard. */
  find?: FindPlaces;
  log: SipLog;
  times?: TimerValues;
  limits?: Partial<AgentLimits>;
}

export class UserAgent {
  readonly #options: UserAgentOptions;
  readonly #layer: TransactionLayer;
  readonly #core: AgentCore;
  readonly #limits: AgentLimits;
  readonly #calls: Calls;
  readonly #door: Door;
  readonly #lobby: Lobby;
  readonly #locator: Locator;
  readonly #farewells: Farewells;
  readonly #userAgentHeaders: SipHeader[];
  #closing = false;

  constructor(options: UserAgentOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#door = new Door({ wire: options.wire, now: () => options.now(), log: options.log, limits: this.#limits });
    const times = options.times ?? rfcTimers;
    const alarms = new Alarms(options.timers, () => options.now());
    this.#layer = new TransactionLayer({ wire: options.wire, alarms, times });
    const { userAgent, handlers, chance, log } = options;
    this.#lobby = new Lobby({
      ...{ guests: handlers.guests ?? null, door: this.#door, layer: this.#layer, chance, log },
      now: () => options.now(),
    });
    this.#locator = new Locator({ find: options.find ?? null, timers: options.timers, handlers });
    this.#userAgentHeaders = userAgent === null ? [] : [{ name: 'user-agent', value: userAgent }];
    this.#core = {
      timers: alarms,
      times,
      log: options.log,
      serverHeaders: userAgent === null ? [] : [{ name: 'server', value: userAgent }],
      contact: (trunk, peer, asked) =>
        contactTowards(knownAs(options, handlers.contactHostOf?.(trunk) ?? null), peer, asked),
      firstCseq: () => 1 + this.#core.upTo(2 ** 20),
      // The upper 31 bits of the clock's seconds (RFC 3261 §8.1.1.5): it lies above any first number of ours and grows from
      // process to process. Gaps are allowed (§12.2.2), numbers used twice are not.
      laterCseq: () => Math.floor((options.wallNow?.() ?? Date.now()) / 2_000),
      upTo: (n) => {
        const [a = 0, b = 0, c = 0, d = 0] = options.chance(4);
        return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) % n;
      },
      chance: options.chance,
      sendRequest: (request, hop, user) => this.#send(request, hop, user),
      sendAck: (request, hop) => {
        // It may go to several places one after the other, so it stays what it is.
        const { kind, method, uri, body } = request;
        const headers = request.headers.concat(this.#userAgentHeaders);
        const text = serializeMessage({ kind, method, uri, headers, body }, formatVia(this.#via(hop)));
        const send = () => void options.wire.send(hop, text, () => {});
        send();
        return send;
      },
      credentialsOf: (trunk) => options.handlers.credentialsOf?.(trunk) ?? null,
      // Whoever keeps no lists has nothing to tell apart.
      isAt: (trunk, place) => handlers.isAt?.(trunk, place) ?? true,
      locate: (named, source, found) => this.#locator.locate(named, source, found),
      expect: (address) => this.#door.expect(address),
      forget: (call) => this.#calls.forget(call),
    };
    this.#farewells = new Farewells(this.#core, options.wire);
    this.#calls = new Calls({
      core: this.#core,
      handlers,
      lobby: this.#lobby,
      reply: (transaction, status, headers, toTag) => this.#reply(transaction, status, headers, toTag),
    });
  }

  /** Somebody there has proven who they are, not long ago. */
  trusts(address: string): boolean {
    return this.#lobby.knows(address);
  }

  /** What requests of the trunks' own upkeep go out by. */
  get core(): AgentCore {
    return this.#core;
  }

  get counts(): { dialogs: number; transactions: number } {
    return { dialogs: this.#calls.size, transactions: this.#layer.count };
  }

  /** One datagram, or one message framed off a stream, of which nothing is kept. Never throws. */
  receive(bytes: Uint8Array, arrival: Arrival): void {
    try {
      this.#receive(bytes, arrival);
    } catch (error) {
      this.#options.log.error({ err: error, transport: arrival.transport }, 'sip: message could not be handled');
    }
  }

  /** A connection that messages came or went on is gone. */
  connectionClosed(connection: number): void {
    this.#layer.connectionClosed(connection);
  }

  /** Sends a BYE for a dialog whose process died. Resolves when it was answered or given up. */
  endOrphan(orphan: DialogSnapshot, cause: string): Promise<void> {
    const { source, session: _, trunk = '', ...dialog } = orphan;
    const link = new DialogLink(this.#core, dialog, { ...source, connection: null }, trunk, null);
    return new Promise((resolve) => {
      const headers = [{ name: 'reason', value: reasonHeader(cause) }];
      link.ask({ method: 'BYE', headers, onFinal: () => resolve(), onFailed: () => resolve() });
    });
  }

  /** A caller of a process that died is answered as that one left it written; whom it called is told that nobody is there. */
  sendFarewell(farewell: string): void {
    this.#farewells.say(farewell);
  }

  /** A request outside any dialog, over several hops and with a password if need be. */
  sendOutside(what: Outside, user: OutsideUser): OutsideRequest {
    return sendOutside(this.#core, what, user);
  }

  /** Takes up an answered call that a process before this one left. @returns false when it is nobody's, or known */
  adopt(snapshot: DialogSnapshot, take: (call: IncomingCall) => CallListener): boolean {
    return this.#calls.adopt(snapshot, take);
  }

  /** Places a call. What becomes of it is told after this returns, never before. */
  call(request: CallRequest, listener: OutgoingListener): OutgoingCall {
    return this.#calls.place(request, listener, this.#closing || this.#calls.size >= this.#limits.dialogs);
  }

  /** From now on new calls are answered 503; the open ones are left to the next process. */
  leaveAll(): void {
    this.#closing = true;
  }

  /** From now on new calls are answered 503. Ends the open ones. */
  hangUpAll(cause: string): void {
    this.#closing = true;
    for (const call of this.#calls.all()) call.hangUpNow(cause);
  }

  /** Calls back once every request of ours was answered, and every refusal acknowledged, or given up. */
  whenSettled(call: () => void): void {
    // A request that waits for a look-up has no transaction yet.
    this.#locator.whenIdle(() => this.#layer.whenSettled(call));
  }

  close(): void {
    this.#closing = true;
    for (const call of this.#calls.all()) call.stop();
    this.#farewells.stop();
    this.#locator.stop();
    this.#layer.close();
  }

  #receive(bytes: Uint8Array, arrival: Arrival): void {
    const { transport, address, port } = arrival;
    const trunk = this.#options.handlers.trunkOf({ transport, address, port });
    // A stranger beyond its rate is not even read: reading is what a flood would cost us.
    const expected =
      trunk === null && (this.#door.expects(address) || this.#layer.awaits(address) || this.#lobby.knows(address));
    if (trunk === null && !expected && !this.#door.mayRefuse(arrival)) return;
    const parsed = parseMessage(bytes);
    if (!parsed.ok) {
      if (parsed.code === 'keep-alive') return;
      const { code, detail, answerable } = parsed;
      this.#options.log.debug({ transport, address, port, code, detail }, 'sip: malformed message');
      if (answerable === null) return;
      if (trunk === null) {
        if (expected && !this.#door.mayRefuse(arrival)) return;
        return this.#door.refuse(answerable.request, answerable.via, arrival, bytes.length);
      }
      const warning: SipHeader = { name: 'warning', value: `399 denwaban "${code} ${detail}"` };
      return this.#door.answer(answerable.request, answerable.via, arrival, parsed.status, [warning]);
    }
    const { message, essentials } = parsed;
    if (message.kind === 'response') {
      // We are no proxy: an answer with a second Via is not for us (§8.1.3.3).
      if (headerValues(message, 'via').length > 1) return;
      // Its branch, which nobody can guess, is what lets it in.
      if (!this.#layer.receiveResponse(message, essentials) && !this.#farewells.hear(message, essentials)) {
        this.#options.log.debug({ transport, address, port, status: message.status }, 'sip: answer to nothing of ours');
      }
      return;
    }
    // Whom we called may speak within that call, wherever it is; what else it may say is its trunk's to allow.
    const within = expected ? this.#calls.trunkOf(essentials) : undefined;
    const speaker =
      this.#partyTo(message, essentials, arrival) ??
      trunk ??
      within ??
      this.#lobby.ownerOf(message, essentials, address);
    if (speaker !== null) this.#request(message, essentials, arrival, speaker);
    else if (message.method !== 'ACK') {
      const beside = expected && !this.#lobby.knows(address);
      this.#stranger(message, essentials, arrival, bytes.length, beside);
    }
  }

  #partyTo(request: SipRequest, read: Essentials, arrival: Arrival): string | null {
    const { transport, address, port } = arrival;
    const source = { transport, address, port };
    if (request.method === 'INVITE' && tagOf(read.to) === null) return this.#calls.successorTo(request, source);
    const cancelled = request.method === 'CANCEL' ? this.#layer.cancelled(request, read) : null;
    return this.#calls.speakerOf(read, source, cancelled);
  }

  /** From nobody's address: whoever knows a password may call all the same. */
  #stranger(request: SipRequest, read: Essentials, arrival: Arrival, bytesIn: number, beside: boolean): void {
    const verdict = this.#lobby.judge(request, read, arrival.address);
    // Whoever was let speak within a call is a stranger beside it, and their address can be forged.
    if (beside && verdict.let !== 'in' && !this.#door.mayRefuse(arrival)) return;
    if (verdict.let === 'out') return this.#door.refuse(request, read.via, arrival, bytesIn);
    if (verdict.let === 'ask') return this.#door.challenge(request, read.via, arrival, verdict.headers, bytesIn);
    this.#request(request, read, arrival, verdict.trunk);
  }

  #request(request: SipRequest, read: Essentials, arrival: Arrival, trunk: string): void {
    if (request.method === 'ACK') {
      if (!this.#layer.receiveAck(request, read)) this.#calls.sessionOf(read, trunk)?.onAck(request, read, arrival);
      return;
    }
    const inDialog = tagOf(read.to) !== null;
    if (request.method === 'INVITE' && !inDialog && !this.#mayInvite(request, read, arrival)) return;
    // Without a transaction: it would stand in the way of the caller's own CANCEL, whose branch is the same.
    if (request.method === 'CANCEL' && this.#calls.isAnothers(this.#layer.cancelled(request, read), trunk)) {
      return this.#door.answer(request, read.via, arrival, 481);
    }
    const transaction = this.#layer.receive(request, read, arrival);
    if (transaction === null) return;
    if (request.method === 'CANCEL') {
      return this.#calls.cancelled(transaction, this.#layer.cancelled(request, read), trunk);
    }
    const session = inDialog ? this.#calls.sessionOf(read, trunk) : undefined;
    if (inDialog && session === undefined) return this.#reply(transaction, 481);
    const refusal = refusalOf(request);
    if (refusal !== null) return this.#reply(transaction, refusal.status, refusal.headers);
    if (session !== undefined) session.onRequest(transaction);
    else if (request.method === 'INVITE') this.#calls.invited(transaction, trunk);
    else if (request.method === 'OPTIONS') this.#reply(transaction, 200, [allowHeader, acceptHeader, supportedHeader]);
    // Whom a call of ours is to go to is said within one, and nowhere else.
    else this.#reply(transaction, request.method === 'REFER' ? 403 : 481);
  }

  /** Overload is answered without a transaction: it must cost less than what it refuses. */
  #mayInvite(request: SipRequest, read: Essentials, arrival: Arrival): boolean {
    if (this.#layer.knows(request, read)) return true;
    const free = !this.#closing && this.#calls.size < this.#limits.dialogs;
    if (free && this.#door.mayInvite(arrival.address)) return true;
    const retry: SipHeader = { name: 'retry-after', value: String(2 + this.#core.upTo(8)) };
    this.#door.answer(request, read.via, arrival, 503, [retry]);
    return false;
  }

  #reply(
    transaction: ServerTransaction,
    status: number,
    headers: readonly SipHeader[] = [],
    toTag = mintTag(this.#options.chance),
  ): void {
    const all = [...headers, ...this.#core.serverHeaders];
    transaction.respond(responseTo(transaction.request, transaction.via, status, null, { toTag, headers: all }));
  }

  #send(request: SipRequest, hop: Hop, user: ClientUser): ClientTransaction {
    request.headers.push(...this.#userAgentHeaders);
    return this.#layer.send(request, this.#via(hop), hop, user);
  }

  #via(hop: Hop): Via {
    const { host, port } = placeTowards(this.#options, hop);
    return {
      transport: hop.transport.toUpperCase(),
      host,
      port,
      params: [
        { name: 'branch', value: mintBranch(this.#options.chance) },
        { name: 'rport', value: null },
      ],
    };
  }
}
