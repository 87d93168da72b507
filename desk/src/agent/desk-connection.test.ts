import type { DeskState, ServerMessage } from '@denwaban/core/wire';
import { beforeEach, expect, test } from 'vitest';
import { DeskConnection } from './desk-connection.js';
import type { Socket } from '../link/live.js';
import type { Timers } from '../kit/steady-timers.js';

class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  sent: unknown[] = [];
  closed = false;
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }
  hear(message: unknown) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  die() {
    this.onclose?.();
  }
}

/** A clock that stands until it is moved. */
class FakeTimers implements Timers {
  now = 0;
  readonly waiting = new Set<{ at: number; run: () => void; every: number | null }>();
  after(delayMs: number, run: () => void) {
    return this.#add(delayMs, run, null);
  }
  every(periodMs: number, run: () => void) {
    return this.#add(periodMs, run, periodMs);
  }
  #add(ms: number, run: () => void, every: number | null) {
    const timer = { at: this.now + ms, run, every };
    this.waiting.add(timer);
    return () => void this.waiting.delete(timer);
  }
  move(ms: number) {
    const until = this.now + ms;
    for (;;) {
      const next = [...this.waiting].filter((timer) => timer.at <= until).toSorted((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.now = Math.max(this.now, next.at);
      if (next.every === null) this.waiting.delete(next);
      else next.at += next.every;
      next.run();
    }
    this.now = Math.max(this.now, until);
  }
}

const me = {
  id: 'ag_1',
  email: 'a@example.com',
  name: 'Anna',
  role: 'agent' as const,
  team: null,
  presence: { says: 'away' as const, reason: null, state: 'away' as const, since: 0 },
};
const state: DeskState = { presence: me.presence, line: 'none', offer: null, call: null, wrapUp: null };
const welcome = (build = 'b1'): ServerMessage => ({ type: 'welcome', v: 1, build, now: 1_000_000, me });
const desk = (seq: number, line: DeskState['line']): ServerMessage => ({
  type: 'desk',
  seq,
  now: 1_000_000,
  state: { ...state, line },
});

let timers: FakeTimers;
let sockets: FakeSocket[];
let sessionHolds: boolean;
let connection: DeskConnection;
let standing: string | null;
const socket = () => sockets.at(-1) as FakeSocket;

beforeEach(() => {
  timers = new FakeTimers();
  sockets = [];
  sessionHolds = true;
  standing = null;
  connection = new DeskConnection({
    page: 'desk',
    build: 'b1',
    line: () => standing,
    connect: () => {
      const made = new FakeSocket();
      sockets.push(made);
      return made;
    },
    timers,
    now: () => timers.now,
    sessionHolds: () => Promise.resolve(sessionHolds),
  });
  connection.start();
});

function open(build?: string) {
  socket().onopen?.();
  socket().hear(welcome(build));
}

test('it says hello with its build first, and nothing before it was welcomed', () => {
  socket().onopen?.();
  expect(connection.send({ type: 'line.close' })).toBe(false);
  expect(socket().sent).toEqual([{ type: 'hello', v: 1, build: 'b1', page: 'desk', colleagues: null }]);
  socket().hear(welcome());
  expect(connection.send({ type: 'line.close' })).toBe(true);
});

test('[PRS4] a new connection names the line that stands, so that the server leaves it as it is', () => {
  open();
  standing = 'ln_1';
  socket().die();
  timers.move(1_000);
  socket().onopen?.();
  expect(socket().sent).toMatchObject([{ type: 'hello', line: 'ln_1' }]);
});

test('the view is what the server said last; an older message that comes late is dropped', () => {
  open();
  socket().hear(desk(5, 'proven'));
  socket().hear(desk(4, 'none'));
  expect(connection.store.get().desk?.line).toBe('proven');
});

test('after a reconnect the numbers begin anew', () => {
  open();
  socket().hear(desk(500, 'proven'));
  socket().die();
  timers.move(1_000);
  open();
  socket().hear(desk(1, 'none'));
  expect(connection.store.get().desk?.line).toBe('none');
});

test('the colleagues it knows outlive the connection: the next one names their version, and a gap is asked about', () => {
  open();
  socket().hear({ type: 'colleagues', version: 'e.1', since: null, agents: [] });
  socket().die();
  timers.move(1_000);
  open();
  expect(socket().sent).toMatchObject([{ type: 'hello', colleagues: 'e.1' }]);
  socket().hear({ type: 'colleagues', version: 'e.2', since: 'e.1', agents: [] });
  expect(socket().sent).toHaveLength(1);
  socket().hear({ type: 'colleagues', version: 'e.4', since: 'e.3', agents: [] });
  expect(socket().sent.at(-1)).toEqual({ type: 'colleagues.resync' });
  expect(connection.store.get().colleagues?.version).toBe('e.2');
});

test('it comes back after a quarter of a second or so, then more slowly, never more than some 6 s apart', () => {
  open();
  const waits: number[] = [];
  for (let n = 0; n < 9; n++) {
    const [before, at] = [sockets.length, timers.now];
    socket().die();
    while (sockets.length === before) timers.move(10);
    waits.push(timers.now - at);
  }
  expect(waits[0]).toBeLessThanOrEqual(320);
  expect(Math.max(...waits)).toBeLessThanOrEqual(6_260);
  expect(waits[8]).toBeGreaterThan(3_700);
});

test('a welcome makes the next wait short again', () => {
  for (let n = 0; n < 6; n++) {
    socket().die();
    timers.move(7_000);
  }
  open();
  const before = sockets.length;
  socket().die();
  timers.move(320);
  expect(sockets.length).toBe(before + 1);
});

test('a connection over which nothing comes is given up: half-open ones look alive for minutes', () => {
  open();
  const first = socket();
  timers.move(10_000);
  expect(first.sent.filter((message) => (message as { type: string }).type === 'ping')).toHaveLength(2);
  expect(first.closed).toBe(false);
  timers.move(7_000);
  expect(first.closed).toBe(true);
  expect(sockets.length).toBeGreaterThan(1);
});

test('a page that was blocked for a while does not blame the server for what it could not hear', () => {
  open();
  timers.move(5_000);
  timers.now += 20_000; // nothing ran: no timer, no message
  timers.move(0);
  expect(socket().closed).toBe(false);
  socket().hear({ type: 'pong', n: 1, now: 1_000_000 });
  timers.move(5_000);
  expect(sockets).toHaveLength(1);
});

test('answers to the pings keep it, and give the round trip', () => {
  open();
  for (let n = 1; n <= 6; n++) {
    timers.move(n === 1 ? 5_020 : 5_000); // 20 ms after the ping that goes out every 5 s
    socket().hear({ type: 'pong', n, now: 1_000_000 });
  }
  expect(sockets).toHaveLength(1);
  expect(connection.store.get().rttMs).toBe(20);
});

test('what is not in the contract is ignored', () => {
  open();
  socket().hear({ type: 'something-new' });
  socket().onmessage?.({ data: '{broken' });
  socket().onmessage?.({ data: new ArrayBuffer(2) });
  expect(connection.store.get().link).toBe('open');
});

test('another build of the server is noticed at the welcome', () => {
  open('b2');
  expect(connection.store.get()).toMatchObject({ outdated: true, serverBuild: 'b2' });
});

test('a refused upgrade of an ended session stops the knocking', async () => {
  sessionHolds = false;
  socket().die();
  await Promise.resolve();
  await Promise.resolve();
  expect(connection.store.get().signedOut).toBe(true);
  timers.move(60_000);
  expect(sockets).toHaveLength(1);
});

test('a closed connection leaves no timer behind', () => {
  open();
  connection.stop();
  expect(timers.waiting.size).toBe(0);
  expect(socket().closed).toBe(true);
});
