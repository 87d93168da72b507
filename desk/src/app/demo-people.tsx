import { Phone, UserRound } from 'lucide-react';
import type { DemoInfo } from '@denwaban/core/wire';
import { Avatar, Card } from '../kit/card.js';
import { initial, useWords } from '../words/index.js';

interface DemoPeopleProps {
  demo: DemoInfo;
  busy: boolean;
  onChoose(email: string): void;
}

/** Demo mode only: everybody of the demo company, one press to sign in as them. */
export function DemoPeople({ demo, busy, onChoose }: DemoPeopleProps) {
  const { t } = useWords();
  const teams = [...new Set(demo.people.map((person) => person.team))];
  return (
    <Card className="w-full max-w-3xl p-6" aria-labelledby="demo-people">
      <h2 id="demo-people" className="flex items-center gap-2 text-xl font-bold">
        <UserRound size={20} className="text-indigo-700" />
        {t('sign-in.demo-title')}
      </h2>
      <p className="mt-1 text-slate-600">{t('sign-in.demo-hint', { password: demo.password })}</p>
      <div className="mt-4 grid gap-4 sm:grid-cols-3">
        {teams.map((team) => (
          <div key={team} className="min-w-0">
            <h3 className="mb-2 text-sm font-bold text-slate-600">{team || t('board.no-team')}</h3>
            <ul className="flex flex-col gap-2">
              {demo.people
                .filter((person) => person.team === team)
                .map((person) => (
                  <li key={person.email}>
                    <button
                      type="button"
                      disabled={busy}
                      title={t('sign-in.demo-as', { name: person.name })}
                      onClick={() => onChoose(person.email)}
                      className="flex w-full items-center gap-3 rounded-xl bg-slate-50 px-3 py-2 text-left ring-1 ring-slate-200 ring-inset hover:bg-indigo-50 hover:ring-indigo-300 disabled:opacity-50"
                    >
                      <Avatar letter={initial(person.name)} size="small" />
                      <span className="min-w-0">
                        <span className="block truncate font-bold">{person.name}</span>
                        <span className="block truncate text-sm text-slate-600">{t(`role.${person.role}`)}</span>
                      </span>
                    </button>
                  </li>
                ))}
            </ul>
          </div>
        ))}
      </div>
      <a
        href="/phone"
        target="_blank"
        rel="noopener"
        className="mt-5 flex items-center gap-3 rounded-xl bg-emerald-50 px-4 py-3 text-emerald-950 ring-1 ring-emerald-300 ring-inset hover:bg-emerald-100"
      >
        <Phone className="text-emerald-700" />
        <span>
          <span className="block font-bold">{t('sign-in.demo-phone')}</span>
          <span className="block text-sm">{t('sign-in.demo-phone-hint')}</span>
        </span>
      </a>
    </Card>
  );
}
