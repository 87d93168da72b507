/** The calls there are, by their dialogs, and how one begins: towards us, by us, or left by a process before this one. */
import type {
  CallListener,
  CallRequest,
  DialogSnapshot,
  IncomingCall,
  OutgoingCall,
  OutgoingListener,
  SipEndpointHandlers,
  SipSource,
} from '../contract.js';
import type { SipHeader, SipRequest } from '../message.js';
import { mintTag } from '../mint.js';
import { tagOf } from '../name-address.js';
import type { Essentials } from '../parse.js';
import { responseTo } from '../responses.js';
import type { InviteMark, ServerTransaction } from '../transaction/server.js';
import { AdoptedCall } from './adopted-call.js';
import { sessionOf } from './body.js';
import type { Call } from './call.js';
import type { AgentCore } from './core.js';
import { InboundCall } from './inbound-call.js';
import type { Lobby } from './lobby.js';
import { OutboundCall } from './outbound-call.js';
import { readReplaces } from './replaces.js';
import type { Session } from './session.js';

export interface CallsOptions {
  core: AgentCore;
  handlers: SipEndpointHandlers;
  lobby: Lobby;
  reply(transaction: ServerTransaction, status: number, headers?: readonly SipHeader[], toTag?: string): void;
}

export class Calls {
  readonly #options: CallsOptions;
  /** By our tag, which nobody can guess; the Call-ID is compared behind it. */
  readonly #calls = new Map<string, Call>();
  /** By the mark of their INVITE (§8.2.2.2). */
  readonly #fresh = new Map<string, InboundCall>();

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#calls.size;
  }

  all(): Call[] {
    return [...this.#calls.values()];
  }

  forget(call: Call): void {
    this.#calls.delete(call.id);
    this.#options.lobby.leave(call.id);
  }

  /** Whose the call is that this request belongs to. */
  trunkOf(read: Essentials): string | undefined {
    return this.#callOf(read)?.trunk;
  }

  /**
   * Whose a request is that belongs to a call and comes from where that call's far end may speak from. Two trunks of one carrier
   * share addresses, and of those that list one only the first is found by it.
   *
   * @param cancelled the INVITE that a CANCEL means
   */
  speakerOf(read: Essentials, source: SipSource, cancelled: InviteMark | null): string | null {
    const call = cancelled === null ? this.#callOf(read) : this.#fresh.get(cancelled.key);
    if (call === undefined || (cancelled === null && call.sessionWith(tagOf(read.from) ?? '') === undefined))
      return null;
    const isThere = call.isWith(source.address) || this.#options.handlers.isAt?.(call.trunk, source) === true;
    return isThere ? call.trunk : null;
  }

  /**
   * Whose an INVITE is that is to take the place of a call: the call's trunk, wherever that trunk may speak from, though another one
   * lists the address first. It is a new call all the same: an address that a call was merely let in from does not do.
   */
  successorTo(invite: SipRequest, source: SipSource): string | null {
    const wish = readReplaces(invite);
    if (wish === null || wish === 'malformed') return null;
    const call = this.#find(wish.localTag, wish.callId);
    if (call?.sessionWith(wish.remoteTag) === undefined) return null;
    return this.#options.handlers.isAt?.(call.trunk, source) === true ? call.trunk : null;
  }

  sessionOf(read: Essentials, trunk: string): Session | undefined {
    const call = this.#callOf(read);
    // Another trunk that learned the tags is still not a party to this call; nor is a tag that it did not begin with (§12.2.2).
    return call?.trunk === trunk ? call.sessionWith(tagOf(read.from) ?? '') : undefined;
  }

  /** An INVITE outside any dialog. */
  invited(transaction: ServerTransaction, trunk: string): void {
    const { core, handlers, lobby, reply } = this.#options;
    const { request } = transaction;
    const key = transaction.mark?.key ?? '';
    if (this.#fresh.has(key)) return reply(transaction, 482);
    const session = sessionOf(request);
    if (session !== null && !session.ok) return reply(transaction, 488);
    const replaced = this.#replacedBy(transaction, trunk);
    if (typeof replaced === 'number') return reply(transaction, replaced);
    const offer = session === null ? null : session.audio;
    const tag = mintTag(core.chance);
    const call = new InboundCall(core, transaction, trunk, tag, offer, () => void this.#fresh.delete(key));
    this.#calls.set(call.id, call);
    this.#fresh.set(key, call);
    if (handlers.trunkOf(call.source) === null) lobby.admit(transaction, trunk, call.id);
    if (replaced !== null) this.#replace(replaced, call);
    else {
      try {
        call.attach(handlers.onCall(call, trunk));
      } catch (error) {
        core.log.error({ err: error, call: call.id }, 'sip: the call handler failed');
        call.refuse(500, '');
      }
    }
    // A floor may ring for long: without an answer by now the caller is told that we are at it (§17.2.1).
    if (!transaction.answered) transaction.respond(responseTo(request, transaction.via, 100, null));
  }

  /** Is this the INVITE of a call that came from somebody else? */
  isAnothers(invite: InviteMark | null, trunk: string): boolean {
    const call = invite === null ? undefined : this.#fresh.get(invite.key);
    return call !== undefined && call.trunk !== trunk;
  }

  cancelled(transaction: ServerTransaction, invite: InviteMark | null, trunk: string): void {
    const { reply } = this.#options;
    if (invite === null) return reply(transaction, 481);
    const call = this.#fresh.get(invite.key);
    // The answer to the CANCEL carries the tag of the INVITE's answers (§9.2).
    reply(transaction, 200, [], call?.id);
    if (call?.trunk === trunk) call.onCancel();
  }

  /** @returns false when it is nobody's, or known */
  adopt(snapshot: DialogSnapshot, take: (call: IncomingCall) => CallListener): boolean {
    const { core, handlers, lobby } = this.#options;
    const listed = handlers.trunkOf(snapshot.source);
    // Of a guest, or of whom we called, the address says nothing, and two trunks may share one.
    const own = snapshot.trunk !== undefined && handlers.isTrunk?.(snapshot.trunk) === true ? snapshot.trunk : null;
    const trunk = own ?? listed;
    if (trunk === null || this.#calls.has(snapshot.localTag)) return false;
    const call = new AdoptedCall(core, snapshot, trunk);
    this.#calls.set(call.id, call);
    if (listed === null) lobby.welcome(call.id, snapshot.source.address);
    call.attach(take(call));
    return true;
  }

  /** @param busy we take no more calls */
  place(request: CallRequest, listener: OutgoingListener, busy: boolean): OutgoingCall {
    const call = new OutboundCall(this.#options.core, request);
    this.#calls.set(call.id, call);
    call.attach(listener);
    call.start(busy);
    return call;
  }

  /** RFC 3891 §3. @returns a status to refuse with; null when it takes nobody's place */
  #replacedBy(transaction: ServerTransaction, trunk: string): Session | number | null {
    const wish = readReplaces(transaction.request);
    if (wish === null) return null;
    if (wish === 'malformed') return 400;
    const call = this.#find(wish.localTag, wish.callId);
    const session = call?.trunk === trunk ? call.sessionWith(wish.remoteTag) : undefined;
    if (session === undefined || !session.established) return 481;
    return wish.earlyOnly ? 486 : session;
  }

  #replace(replaced: Session, call: InboundCall): void {
    const listener = replaced.teller.ask((told) => told.onReplaced?.(call) ?? null);
    if (listener === null) call.refuse(403, '');
    else call.attach(listener);
  }

  #callOf(read: Essentials): Call | undefined {
    const tag = tagOf(read.to);
    return tag === null ? undefined : this.#find(tag, read.callId);
  }

  #find(tag: string, callId: string): Call | undefined {
    const call = this.#calls.get(tag);
    return call?.callId === callId ? call : undefined;
  }
}
