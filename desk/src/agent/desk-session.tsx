/** The phone of the signed-in person, made once for the frame around all screens; screens come and go under it. */
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import type { Me } from '@denwaban/core/wire';
import { useView } from '../kit/store.js';
import type { ConnectionView } from './desk-connection.js';
import type { Phone, PhoneView } from './phone.js';
import { startPhone, takeEarly } from './running-phone.js';
import type { LineView } from './warm-line.js';

const PhoneContext = createContext<Phone | null>(null);

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
