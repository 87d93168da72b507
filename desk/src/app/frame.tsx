import { Outlet, useLocation, useNavigate, useRouteContext } from '@tanstack/react-router';
import { useEffect } from 'react';
import { CallStack } from '../agent/call-stack.js';
import { DeskSession, useConnectionView, useDeskState, usePhoneView } from '../agent/desk-session.js';
import { LineBanner } from '../agent/line-banner.js';
import { useOwnRecords } from '../agent/use-own-records.js';
import { useWords } from '../words/index.js';
import { Header } from './header.js';
import { Rail } from './rail.js';
import { queries } from '../link/queries.js';
import { VersionBanner } from './version-banner.js';

/** Around every screen of a signed-in person: the header, the phone, and whatever rings. */
export function Frame() {
  const { me } = useRouteContext({ from: '/signed-in' });
  return (
    <DeskSession me={me}>
      <Inside />
    </DeskSession>
  );
}

function Inside() {
  const { t } = useWords();
  const navigate = useNavigate();
  useOwnRecords();
  const signedOut = useConnectionView((view) => view.signedOut);
  useEffect(() => {
    if (!signedOut) return;
    queries.clear();
    void navigate({ to: '/sign-in', search: { ended: true } });
  }, [signedOut, navigate]);
  return (
    <div className="flex min-h-dvh">
      <a
        href="#content"
        className="sr-only z-50 rounded-lg bg-white p-3 font-bold focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        {t('nav.skip')}
      </a>
      <Rail />
      <div className="flex min-w-0 flex-1 flex-col gap-3 p-3">
        <Header />
        <LineBanner />
        <VersionBanner />
        <main id="content" tabIndex={-1} className="flex flex-1 flex-col outline-none">
          <Outlet />
        </main>
      </div>
      <Dock />
    </div>
  );
}

/** On other screens than the desk the call follows, at the corner. */
function Dock() {
  const desk = useDeskState();
  const { pathname } = useLocation();
  const calls = usePhoneView((view) => view.callOut !== null);
  if (pathname === '/' || !desk || (!desk.offer && !desk.call && !desk.wrapUp && !calls)) return null;
  return (
    <aside className="fixed right-4 bottom-4 z-40 max-h-[calc(100dvh-2rem)] w-[26rem] overflow-y-auto rounded-2xl shadow-2xl ring-1 ring-slate-300">
      <CallStack desk={desk} />
    </aside>
  );
}
