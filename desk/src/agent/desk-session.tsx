/** The phone of the signed-in person, made once for the frame around all screens; screens come and go under it. */
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import type { Me } from '@denwaban/core/wire';
import { api, ApiError } from '../link/api.js';
import { thisBuild } from '../link/build.js';
import { steadyTimers } from '../kit/steady-timers.js';
import { useView } from '../kit/store.js';
import { setSkew } from '../kit/ticker.js';
import { DeskConnection, type ConnectionView, type Socket } from './desk-connection.js';
import { phoneLock } from './phone-lock.js';
import { Phone, type PhoneView } from './phone.js';
import { WarmLine, type LineView } from './warm-line.js';

const PhoneContext = createContext<Phone | null>(null);

/** Opens a socket of this page's server. */
export function openSocket(path: string): Socket {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return new WebSocket(url) as Socket;
}

/** False only when the server says that there is no session; a network that is down says nothing. */
export async function sessionHolds(): Promise<boolean> {
  try {
    await api.me();
    return true;
  } catch (error) {
    return !(error instanceof ApiError && error.code === 'not-signed-in');
  }
}

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
  const line: WarmLine = new WarmLine({
    sendOffer: (nonce, offer) => connection.send({ type: 'line.open', nonce, offer }),
    timers,
    now,
  });
  return new Phone({ connection, line, lock: phoneLock(`denwaban-phone-${agent}`, navigator.locks), now });
}

interface Running {
  agent: string;
  phone: Phone;
  stop(): void;
}

function startPhone(agent: string): Running {
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

let early: Running | null = null;

/** A page that was reloaded in a call takes its phone up before it has asked who is signed in and drawn anything. */
export function startEarly(): void {
  const agent = early === null ? sessionStorage.getItem(inCallKey) : null;
  if (agent === null) return;
  early = startPhone(agent);
  void early.phone.line.resume();
}

/** @param agent who is signed in, or null: the phone of anybody else is put down */
function takeEarly(agent: string | null): Running | null {
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

export function DeskSession({ me, children }: { me: Me; children: ReactNode }) {
  const [phone, setPhone] = useState<Phone | null>(null);
  // A person, not an object: the cached `me` is replaced now and then, and the phone must not be.
  const agent = me.id;
  useEffect(() => {
    const running = takeEarly(agent) ?? startPhone(agent);
    setPhone(running.phone);
    return () => running.stop();
  }, [agent]);
  return phone && <PhoneContext value={phone}>{children}</PhoneContext>;
}

export function usePhone(): Phone {
  const phone = useContext(PhoneContext);
  if (!phone) throw new Error('usePhone outside of DeskSession');
  return phone;
}

export const useConnectionView = <Part,>(pick: (view: ConnectionView) => Part) =>
  useView(usePhone().connection.store, pick);
export const useLineView = <Part,>(pick: (view: LineView) => Part) => useView(usePhone().line.store, pick);
export const usePhoneView = <Part,>(pick: (view: PhoneView) => Part) => useView(usePhone().store, pick);
export const useDeskState = () => useConnectionView((view) => view.desk);
