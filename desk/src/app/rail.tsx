import { Link, useRouteContext } from '@tanstack/react-router';
import { Activity, Headphones, History, LayoutGrid, Phone, UsersRound } from 'lucide-react';
import type { ReactNode } from 'react';
import { useWords } from '../words/index.js';
import { isDemo } from '../link/build.js';
import { LanguageSwitch } from '../kit/language-switch.js';
import { MeMenu } from './me-menu.js';

/** The ways to the other screens, at the left edge; at its foot what belongs to the person. */
export function Rail() {
  const { t } = useWords();
  const { me } = useRouteContext({ from: '/signed-in' });
  return (
    <div className="sticky top-0 z-20 flex h-dvh w-21 shrink-0 flex-col items-center gap-1 border-r border-slate-200 bg-white py-3">
      <nav aria-label={t('nav.main')} className="flex w-full flex-col gap-1 px-1.5">
        <Link to="/" className="mb-2 flex flex-col items-center gap-1 rounded-xl text-sm font-bold">
          <img src="/icon.svg" alt="" className="size-11" />
          {t('product.name')}
        </Link>
        <NavLink to="/" icon={<Headphones />} label={t('nav.desk')} />
        <NavLink to="/conversations" icon={<History />} label={t('nav.conversations')} />
        <NavLink to="/customers" icon={<UsersRound />} label={t('nav.customers')} />
        <TabLink href="/board" icon={<LayoutGrid />} label={t('nav.board')} />
        {me.role !== 'agent' && <NavLink to="/system" icon={<Activity />} label={t('nav.system')} />}
        {isDemo() && <TabLink href="/phone" icon={<Phone />} label={t('nav.phone')} />}
      </nav>
      <div className="mt-auto flex flex-col items-center gap-2">
        <LanguageSwitch stacked />
        <MeMenu />
      </div>
    </div>
  );
}

const linkLook =
  'flex min-h-16 w-full flex-col items-center justify-center gap-1 rounded-xl px-0.5 text-center text-xs leading-tight font-semibold text-slate-700 hover:bg-slate-100';

interface LinkProps {
  icon: ReactNode;
  label: string;
}

function NavLink({ to, icon, label }: LinkProps & { to: '/' | '/conversations' | '/customers' | '/system' }) {
  return (
    <Link
      to={to}
      activeOptions={{ exact: to === '/', includeSearch: false }}
      activeProps={{ className: 'bg-indigo-100! text-indigo-900!', 'aria-current': 'page' }}
      className={linkLook}
    >
      {icon}
      {label}
    </Link>
  );
}

/** Opened apart on purpose: `noopener` gives the board a process of its own, so that it can never hold up the phone. */
function TabLink({ href, icon, label }: LinkProps & { href: string }) {
  const { t } = useWords();
  return (
    <a href={href} target="_blank" rel="noopener" title={t('nav.new-tab')} className={linkLook}>
      {icon}
      {label}
    </a>
  );
}
