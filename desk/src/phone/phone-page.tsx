import { useQuery } from '@tanstack/react-query';
import { Building2, Phone, PhoneOff } from 'lucide-react';
import { useEffect, useState } from 'react';
import { openSocket } from '../link/live.js';
import { Keypad } from '../agent/keypad.js';
import { api } from '../link/api.js';
import { PublicFrame } from '../kit/public-frame.js';
import { usePageTitle } from '../kit/title.js';
import { Field } from '../kit/field.js';
import { Notice } from '../kit/notice.js';
import { useView } from '../kit/store.js';
import { plainDigits, showNumber, useWords } from '../words/index.js';
import { CallerList } from './caller-list.js';
import { PhoneScreen } from './phone-screen.js';
import { WebPhone } from './web-phone.js';

/** A customer's telephone, for trying the demo company without owning a SIP phone. */
export function PhonePage() {
  const { t } = useWords();
  usePageTitle(t('phone.title'));
  const demo = useQuery({ queryKey: ['demo'], queryFn: ({ signal }) => api.demo(signal), retry: false });
  const [phone] = useState(() => new WebPhone(() => openSocket('/api/v1/phone')));
  const view = useView(phone.store, (all) => all);
  const [from, setFrom] = useState<string | null>(null);
  const [to, setTo] = useState<string | null>(null);
  const people = demo.data?.customers ?? [];
  const numbers = demo.data?.numbers ?? [];
  const caller = from ?? people[0]?.phone ?? '';
  const called = to ?? numbers[0] ?? '';
  const known = people.find((one) => one.phone === plainDigits(caller).replace(/[^+\d]/g, ''));
  const busy = view.state === 'dialling' || view.state === 'ringing' || view.state === 'answered';

  useEffect(() => {
    const leave = () => phone.hangUp();
    addEventListener('pagehide', leave);
    return () => removeEventListener('pagehide', leave);
  }, [phone]);

  return (
    <PublicFrame className="bg-linear-to-b from-emerald-50 to-slate-100">
      <main className="mx-auto grid w-full max-w-5xl flex-1 content-center items-center gap-10 px-6 pb-4 md:grid-cols-[1fr_22rem]">
        <div className="flex min-w-0 flex-col gap-5">
          <div>
            <h1 className="text-3xl font-bold">{t('phone.title')}</h1>
            <p className="text-lg text-slate-700">{t('phone.subtitle')}</p>
          </div>
          {demo.isError && <Notice look="warning" title={t('phone.only-demo')} />}
          {view.problem && (
            <Notice look="problem" title={t(`microphone.problem.${view.problem}`)} hint={t('microphone.asking-hint')} />
          )}
          <CallerList people={people} chosen={caller} disabled={busy} onChoose={setFrom} />
          <div className="grid gap-4 sm:grid-cols-2">
            <Field
              label={t('phone.from-number')}
              data-testid="phone-from"
              inputMode="tel"
              autoComplete="off"
              disabled={busy}
              value={caller}
              hint={known ? known.name : t('phone.unregistered')}
              onChange={(event) => setFrom(event.target.value)}
            />
            <div>
              <Field
                label={t('phone.to')}
                data-testid="phone-to"
                inputMode="tel"
                autoComplete="off"
                disabled={busy}
                icon={<Building2 size={18} />}
                value={called}
                onChange={(event) => setTo(event.target.value)}
              />
              <div className="mt-2 flex flex-wrap gap-1.5">
                {numbers.map((number) => (
                  <button
                    key={number}
                    type="button"
                    disabled={busy}
                    aria-pressed={called === number}
                    onClick={() => setTo(number)}
                    className="min-h-8 rounded-full bg-white px-3 text-sm font-semibold ring-1 ring-slate-300 ring-inset hover:bg-slate-50 disabled:opacity-60 aria-pressed:bg-indigo-700 aria-pressed:text-white"
                  >
                    {showNumber(number)}
                  </button>
                ))}
              </div>
            </div>
          </div>
        </div>
        <PhoneScreen view={view} name={known?.name ?? null} from={caller} to={called}>
          {view.state === 'answered' && (
            <div className="mb-3">
              <Keypad onDigit={(digit) => phone.digit(digit)} />
            </div>
          )}
          {busy ? (
            <button
              type="button"
              data-testid="phone-hang-up"
              onClick={() => phone.hangUp()}
              className="flex min-h-16 w-full items-center justify-center gap-3 rounded-full bg-rose-600 text-xl font-bold text-white hover:bg-rose-700"
            >
              <PhoneOff size={26} aria-hidden="true" />
              {t('phone.hang-up')}
            </button>
          ) : (
            <button
              type="button"
              data-testid="phone-dial"
              disabled={!caller || !called}
              onClick={() => void phone.dial(plainDigits(caller), plainDigits(called))}
              className="flex min-h-16 w-full items-center justify-center gap-3 rounded-full bg-emerald-700 text-xl font-bold text-white hover:bg-emerald-800 disabled:opacity-50"
            >
              <Phone size={26} aria-hidden="true" />
              {t('phone.dial')}
            </button>
          )}
        </PhoneScreen>
      </main>
    </PublicFrame>
  );
}
