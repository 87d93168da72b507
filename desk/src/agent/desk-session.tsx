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

export function DeskSession({ me, children }: { me: Me; children: ReactNode }) {
  const [phone, setPhone] = useState<Phone | null>(null);
  // A person, not an object: the cached `me` is replaced now and then, and the phone must not be.
  const agent = me.id;
  useEffect(() => {
    const made = makePhone(agent);
    const { connection } = made;
    const skew = connection.store.subscribe(() => setSkew(connection.store.get().skewMs));
    const hurry = () => connection.hurry();
    made.start();
    connection.start();
    addEventListener('online', hurry);
    setPhone(made);
    return () => {
      removeEventListener('online', hurry);
      skew();
      made.stop();
      connection.stop();
    };
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
