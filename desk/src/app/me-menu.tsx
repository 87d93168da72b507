import { Menu } from '@base-ui/react/menu';
import { useNavigate } from '@tanstack/react-router';
import { LogOut } from 'lucide-react';
import { useConnectionView, usePhone } from '../agent/desk-session.js';
import { Avatar } from '../kit/card.js';
import { initial, useWords } from '../words/index.js';
import { api } from '../link/api.js';
import { queries } from '../link/queries.js';

export function MeMenu() {
  const { t } = useWords();
  const me = useConnectionView((view) => view.me);
  const phone = usePhone();
  const navigate = useNavigate();
  if (!me) return null;
  const signOut = async () => {
    // Who comes back tomorrow is not available before they say so.
    phone.goAway('other');
    phone.stop();
    phone.connection.stop();
    // Offline too one wants to leave: the cookie dies with the session at the server, later.
    await api.signOut().catch(() => undefined);
    queries.clear();
    await navigate({ to: '/sign-in' });
  };
  return (
    <Menu.Root>
      <Menu.Trigger data-testid="me" aria-label={t('me.menu', { name: me.name })} className="rounded-full">
        <Avatar letter={initial(me.name)} size="small" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner side="right" sideOffset={10} align="end" className="z-50">
          <Menu.Popup className="min-w-60 rounded-xl bg-white p-2 shadow-xl ring-1 ring-slate-200 outline-none">
            <div className="border-b border-slate-200 px-3 pt-1 pb-3">
              <p className="text-lg font-bold">{me.name}</p>
              <p className="text-sm text-slate-600">
                {[t(`role.${me.role}`), me.team?.name].filter(Boolean).join(' · ')}
              </p>
              <p className="text-sm text-slate-600">{me.email}</p>
            </div>
            <Menu.Item
              onClick={() => void signOut()}
              className="mt-1 flex min-h-11 cursor-pointer items-center gap-2 rounded-lg px-3 font-semibold outline-none data-highlighted:bg-slate-100"
            >
              <LogOut size={18} aria-hidden="true" />
              {t('me.sign-out')}
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
