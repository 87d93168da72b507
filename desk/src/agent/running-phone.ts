/**
 * The phone of a page as it runs, without any screen: made for whoever is signed in, or, in a page that was reloaded in a call,
 * before anybody has asked who that is.
 */
import { api } from '../link/api.js';
import { thisBuild } from '../link/build.js';
import { openSocket, sessionHolds } from '../link/live.js';
import { setSkew } from '../kit/server-clock.js';
import { steadyTimers } from '../kit/steady-timers.js';
import { DeskConnection } from './desk-connection.js';
import { IceServerList } from './ice-servers.js';
import { phoneLock } from './phone-lock.js';
import { Phone } from './phone.js';
import { WarmLine } from './warm-line.js';

function makePhone(agent: string): Phone {
  const timers = steadyTimers();
  const now = () => Date.now();
  const connection = new DeskConnection({
    page: 'desk',
    build: thisBuild(),
    line: () => line.standing,
    connect: () => openSocket('/api/v1/live'),
    timers,
    now,
    sessionHolds,
  });
  const relays = new IceServerList({
    ask: () => api.iceServers(),
    monotonic: () => performance.now(),
    pause: (ms) => new Promise((resolve) => void timers.after(ms, () => resolve())),
  });
  void relays.configuration(); // a page that is reloaded in a call wants its line back at once
  const line: WarmLine = new WarmLine({
    iceServers: () => relays.configuration(),
    sendOffer: (nonce, offer) => connection.send({ type: 'line.open', nonce, offer }),
    timers,
    now,
  });
  return new Phone({ connection, line, lock: phoneLock(`denwaban-phone-${agent}`, navigator.locks), timers, now });
}

export interface RunningPhone {
  agent: string;
  phone: Phone;
  stop(): void;
}

export function startPhone(agent: string): RunningPhone {
  const phone = makePhone(agent);
  const { connection } = phone;
  const stopWatching = connection.store.subscribe(() => {
    const { skewMs, desk } = connection.store.get();
    setSkew(skewMs);
    if (desk) rememberCall(desk.call ? agent : null);
  });
  const hurry = () => connection.hurry();
  phone.start();
  connection.start();
  addEventListener('online', hurry);
  return {
    agent,
    phone,
    stop() {
      removeEventListener('online', hurry);
      stopWatching();
      phone.stop();
      connection.stop();
    },
  };
}

/** Whose phone this tab was in a call when it went away. Of this tab only: session storage outlives a reload, not the tab. */
const inCallKey = 'denwaban.in-call';

function rememberCall(agent: string | null): void {
  if (agent === null) sessionStorage.removeItem(inCallKey);
  else sessionStorage.setItem(inCallKey, agent);
}

let early: RunningPhone | null = null;

/** A page that was reloaded in a call takes its phone up before it has asked who is signed in and loaded its screens. */
export function startEarly(): void {
  const agent = early === null ? sessionStorage.getItem(inCallKey) : null;
  if (agent === null) return;
  early = startPhone(agent);
  void early.phone.line.resume();
}

/** @param agent who is signed in, or null: the phone of anybody else is put down */
export function takeEarly(agent: string | null): RunningPhone | null {
  const running = early;
  early = null;
  if (running === null || running.agent === agent) return running;
  running.stop();
  return null;
}

/** There is no session: nobody is to hear this microphone. */
export function stopEarly(): void {
  rememberCall(null);
  takeEarly(null);
}
