/** A screen's live connection: hello, then what the server knows, then commands in and the truth out. */
import type { WebSocket } from 'ws';
import {
  deskMessage,
  liveProtocolVersion,
  presenceRequest,
  type DeskMessage,
  type DeskState,
  type ServerMessage,
} from '@denwaban/core/wire';
import type { AgentId } from '@denwaban/core';
import { codedError } from '../http/errors.js';
import type { HttpContext } from '../http/context.js';
import { meOf } from '../http/routes/me.js';
import type { DeskHandle } from '../services.js';
import type { BoardHub } from './board-hub.js';
import type { ColleaguesHub } from './colleagues-hub.js';
import { closeCodes, Peer } from './peer.js';

export const liveRules = {
  helloMs: 5_000,
  /** How soon a session that ended elsewhere (expired, taken away) is noticed at the latest. */
  sessionMs: 30_000,
} as const;

export class LiveConnection {
  readonly agent: AgentId;
  readonly secret: string;
  readonly #context: HttpContext;
  readonly #boards: BoardHub;
  readonly #colleagues: ColleaguesHub;
  readonly #peer: Peer<DeskMessage, ServerMessage>;
  #openedAt: number;
  #page: 'desk' | 'board' | null = null;
  #desk: DeskHandle | null = null;
  #seq = 0;
  /** What the floor told last, and whether it is still to be sent: only the newest state of a desk matters. */
  #state: DeskState | null = null;
  #stateWaits = false;
  #sessionSeenAt: number;
  #gone = false;

  constructor(options: {
    socket: WebSocket;
    agent: AgentId;
    secret: string;
    context: HttpContext;
    boards: BoardHub;
    colleagues: ColleaguesHub;
    onClose: () => void;
  }) {
    this.agent = options.agent;
    this.secret = options.secret;
    this.#context = options.context;
    this.#boards = options.boards;
    this.#colleagues = options.colleagues;
    this.#openedAt = this.#sessionSeenAt = options.context.monotonic();
    this.#peer = new Peer<DeskMessage, ServerMessage>({
      socket: options.socket,
      schema: deskMessage,
      monotonic: options.context.monotonic,
      errorMessage: (code, detail, re) => ({ type: 'error', code, detail, re }),
      onMessage: (message) => this.#receive(message),
      onFailure: (error, message) => this.#failed(error, message),
      onClose: () => {
        this.#leave();
        options.onClose();
      },
    });
  }

  /** The session is over: the screen goes to the sign-in page. */
  endSession(): void {
    this.#peer.send({ type: 'signed-out' });
    this.#end(closeCodes.signedOut, 'signed out');
  }

  close(code: number, reason: string): void {
    this.#end(code, reason);
  }

  sweep(now: number, lateMs: number): void {
    this.#peer.sweep(now, lateMs);
    this.#openedAt += lateMs;
    if (!this.#peer.isOpen) return;
    if (this.#page === null && now - this.#openedAt >= liveRules.helloMs) {
      this.#end(closeCodes.silent, 'no hello');
      return;
    }
    if (this.#stateWaits && this.#state !== null && !this.#peer.isSlow) this.#sendState(this.#state);
    if (now - this.#sessionSeenAt >= liveRules.sessionMs) {
      this.#sessionSeenAt = now;
      void this.#checkSession();
    }
  }

  async #checkSession(): Promise<void> {
    try {
      if ((await this.#context.store.sessions.find(this.secret)) === null) this.endSession();
    } catch {
      // The database is away: nobody is signed out for that, least of all in a call.
    }
  }

  #receive(message: DeskMessage): void {
    if (this.#page === null) {
      if (message.type === 'hello') this.#greet(message);
      else {
        this.#peer.refuse('bad-request', 'hello comes first', message.type);
        this.#end(closeCodes.badMessages, 'hello comes first');
      }
      return;
    }
    void this.#carryOut(message).catch((error: unknown) => this.#failed(error, message));
  }

  #failed(error: unknown, message: DeskMessage | null): void {
    const { code, detail, ours } = codedError(error);
    const re = message?.type ?? null;
    if (ours) this.#context.log.error({ err: error, agent: this.agent, message: re }, 'live: a command failed');
    if (message?.type === 'call.place') this.#peer.send({ type: 'error', code, detail, re, nonce: message.nonce });
    else this.#peer.refuse(code, detail, re);
    // Without a floor to stand on there is nothing to do here: the desk tries again by itself.
    if (re === 'hello') this.#end(closeCodes.broken, 'hello failed');
  }

  #greet(hello: Extract<DeskMessage, { type: 'hello' }>): void {
    const { build, clock, floor, store } = this.#context;
    const person = store.people.byId(this.agent);
    if (person === null) {
      this.endSession();
      return;
    }
    // Older than we can serve, or (after a rollback) newer: in both cases a reload fetches the right one.
    if (hello.v !== liveProtocolVersion) {
      this.#peer.send({ type: 'outdated', build });
      this.#end(closeCodes.tooOld, 'reload');
      return;
    }
    this.#page = hello.page;
    this.#peer.send({ type: 'welcome', v: liveProtocolVersion, build, now: clock.now(), me: meOf(person, floor) });
    if (hello.build !== build) this.#peer.send({ type: 'outdated', build });
    if (hello.page === 'board') {
      this.#boards.join(this.#peer);
      return;
    }
    this.#enter(hello.line ?? null);
    if (hello.colleagues !== undefined) this.#colleagues.join(this.#peer, hello.colleagues);
  }

  /** @param line that the page holds already, or null */
  #enter(line: string | null): void {
    const desk = this.#context.floor.enter(this.agent, {
      state: (state) => {
        this.#state = state;
        // While entering, and while there is much to read still, it waits.
        if (this.#desk === null || this.#peer.isSlow) this.#stateWaits = true;
        else this.#sendState(state);
      },
      lineLost: (because) => this.#peer.send({ type: 'line.lost', because }),
    });
    if (line !== null) desk.claimLine(line);
    this.#desk = desk;
    this.#sendState(this.#state ?? desk.state);
  }

  #sendState(state: DeskState): void {
    this.#stateWaits = false;
    this.#peer.send({ type: 'desk', seq: ++this.#seq, now: this.#context.clock.now(), state });
  }

  /** Commands begin in the order they came; a slow one does not hold up the next. */
  async #carryOut(message: DeskMessage): Promise<void> {
    const { clock, floor } = this.#context;
    if (message.type === 'ping') {
      this.#peer.send({ type: 'pong', n: message.n, now: clock.now() });
      return;
    }
    const desk = this.#desk;
    if (desk === null) {
      this.#peer.refuse('bad-request', 'a board only looks on', message.type);
      return;
    }
    switch (message.type) {
      case 'hello':
        this.#peer.refuse('bad-request', 'hello was said already', message.type);
        return;
      case 'colleagues.resync':
        this.#colleagues.resync(this.#peer);
        return;
      case 'line.open': {
        const { answer, line } = await desk.openLine(message.offer);
        this.#peer.send({ type: 'line.answer', nonce: message.nonce, answer, line });
        return;
      }
      case 'line.close':
        desk.closeLine();
        return;
      case 'presence.set': {
        const wish = presenceRequest.safeParse({ presence: message.presence, reason: message.reason });
        if (wish.success) await floor.setPresence(this.agent, wish.data);
        else this.#peer.refuse('bad-request', 'reason: away needs one that a person may give', message.type);
        return;
      }
      case 'offer.ringing':
      case 'offer.accept':
      case 'offer.decline':
      case 'call.place':
      case 'call.hang-up':
      case 'call.hold':
      case 'call.resume':
      case 'call.mute':
      case 'call.dtmf':
      case 'wrap-up.save':
        await desk.command(message);
        return;
    }
  }

  #end(code: number, reason: string): void {
    this.#peer.close(code, reason);
    this.#leave(); // at once: a peer that never answers the goodbye holds no line
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#boards.leave(this.#peer);
    this.#colleagues.leave(this.#peer);
    const desk = this.#desk;
    this.#desk = null;
    desk?.leave();
  }
}
