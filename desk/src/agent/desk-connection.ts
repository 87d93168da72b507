/**
 * A page's live connection: one WebSocket at /api/v1/live that comes back by itself. What the server says is kept in a view;
 * nothing here guesses. Knows no React and no audio.
 */
import {
  liveProtocolVersion,
  serverMessage,
  type DeskMessage,
  type DeskState,
  type Me,
  type ServerMessage,
} from '@denwaban/core/wire';
import type { Socket } from '../link/live.js';
import { takeColleagues, type Colleagues } from './colleagues.js';
import { Store } from '../kit/store.js';
import type { Timers } from '../kit/steady-timers.js';

export interface ConnectionView {
  link: 'connecting' | 'open' | 'lost';
  me: Me | null;
  desk: DeskState | null;
  /** Who is there; of a desk only, and as it last was while the connection is lost. */
  colleagues: Colleagues | null;
  /** Server's clock minus ours: add it to Date.now() to compare with times of the server. */
  skewMs: number;
  rttMs: number | null;
  serverBuild: string | null;
  outdated: boolean;
  signedOut: boolean;
}

export interface ConnectionOptions {
  page: 'desk' | 'board';
  build: string;
  /** The line that stands from a connection before, if any. */
  line?(): string | null;
  connect(): Socket;
  timers: Timers;
  now(): number;
  /** Asked after a failed attempt: a refused upgrade looks like a broken network to a page. False: the session is over. */
  sessionHolds(): Promise<boolean>;
}

export const backOffMs = { first: 250, most: 5_000 };
const pingEveryMs = 5_000;
const silenceMsMax = 12_000;

export class DeskConnection {
  readonly store = new Store<ConnectionView>({
    link: 'connecting',
    me: null,
    desk: null,
    colleagues: null,
    skewMs: 0,
    rttMs: null,
    serverBuild: null,
    outdated: false,
    signedOut: false,
  });
  readonly #options: ConnectionOptions;
  readonly #listeners = new Set<(message: ServerMessage) => void>();
  #socket: Socket | null = null;
  #welcomed = false;
  #stopped = true;
  #backOffMs = backOffMs.first;
  #cancelRetry: (() => void) | null = null;
  #cancelBeat: (() => void) | null = null;
  #pings = 0;
  #pingSentAt = 0;
  #heardAt = 0;
  #beatAt = 0;
  #seq = -1;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#beatAt = this.#options.now();
    this.#cancelBeat = this.#options.timers.every(pingEveryMs, () => this.#beat());
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry?.();
    this.#cancelBeat?.();
    this.#drop();
    this.store.set({ link: 'lost' });
  }

  /** Connects at once instead of when the back-off is over: the network came back, or the laptop woke up. */
  hurry(): void {
    if (this.#stopped || this.#socket) return;
    this.#cancelRetry?.();
    this.#connect();
  }

  /** @returns false when it was not sent because there is no connection; nothing is queued, for a late command is a wrong one */
  send(message: DeskMessage): boolean {
    if (!this.#socket || !this.#welcomed) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Every message of the server, after the view has taken it in. */
  listen(listener: (message: ServerMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #connect(): void {
    const { connect, page, build, line } = this.#options;
    this.#welcomed = false;
    const socket = connect();
    this.#socket = socket;
    this.#heardAt = this.#options.now();
    socket.onopen = () => {
      const standing = line?.() ?? null;
      const colleagues = this.store.get().colleagues?.version ?? null;
      const hello: DeskMessage = {
        ...{ type: 'hello', v: liveProtocolVersion, build, page },
        ...(standing !== null && { line: standing }),
        ...(page === 'desk' && { colleagues }),
      };
      socket.send(JSON.stringify(hello));
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket && typeof data === 'string') this.#hear(data);
    };
    socket.onclose = () => {
      if (socket !== this.#socket) return;
      const failed = !this.#welcomed;
      this.#drop();
      this.#retry();
      if (failed) void this.#askSession();
    };
  }

  async #askSession(): Promise<void> {
    if (await this.#options.sessionHolds()) return;
    this.stop();
    this.store.set({ signedOut: true });
  }

  #retry(): void {
    if (this.#stopped) return;
    this.store.set({ link: 'lost' });
    // A little spread, so that 300 desks do not knock together when a server comes back.
    const delay = this.#backOffMs * (0.75 + Math.random() / 2);
    this.#backOffMs = Math.min(this.#backOffMs * 2, backOffMs.most);
    this.#cancelRetry = this.#options.timers.after(delay, () => this.#connect());
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#welcomed = false;
    socket?.close();
  }

  #beat(): void {
    if (!this.#socket) return;
    const now = this.#options.now();
    // After a blocked main thread, or sleep, what was sent to us is still in the queue behind this timer (and behind the ticks
    // that gathered meanwhile): for that time nobody is blamed.
    if (now - this.#beatAt > 2 * pingEveryMs) this.#heardAt = now;
    this.#beatAt = now;
    if (now - this.#heardAt > silenceMsMax) {
      this.#drop(); // half-open: TCP would need minutes to notice
      this.#retry();
      return;
    }
    if (this.send({ type: 'ping', n: ++this.#pings })) this.#pingSentAt = now;
  }

  #hear(text: string): void {
    const message = readMessage(text);
    this.#heardAt = this.#options.now();
    if (!message) return; // of a newer server: `outdated` brings the page that understands it
    this.#take(message);
    for (const listener of [...this.#listeners]) listener(message);
  }

  #take(message: ServerMessage): void {
    const now = this.#options.now();
    switch (message.type) {
      case 'welcome':
        this.#welcomed = true;
        this.#backOffMs = backOffMs.first;
        this.#seq = -1;
        this.store.set({
          link: 'open',
          me: message.me,
          skewMs: message.now - now,
          serverBuild: message.build,
          outdated: message.build !== this.#options.build,
        });
        return;
      case 'outdated':
        this.store.set({ outdated: true, serverBuild: message.build });
        return;
      case 'desk':
        if (message.seq < this.#seq) return;
        this.#seq = message.seq;
        this.store.set({ desk: message.state, skewMs: message.now - now });
        return;
      case 'colleagues': {
        const colleagues = takeColleagues(this.store.get().colleagues, message);
        if (colleagues) this.store.set({ colleagues });
        else this.send({ type: 'colleagues.resync' });
        return;
      }
      case 'pong':
        if (message.n === this.#pings) this.store.set({ rttMs: now - this.#pingSentAt });
        return;
      case 'signed-out':
        this.stop();
        this.store.set({ signedOut: true });
        return;
      case 'line.answer':
      case 'line.lost':
      case 'board':
      case 'error':
        return;
    }
  }
}

function readMessage(text: string): ServerMessage | null {
  try {
    const read = serverMessage.safeParse(JSON.parse(text));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}
