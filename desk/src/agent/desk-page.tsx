import { Loading } from '../kit/loading.js';
import { usePageTitle } from '../kit/title.js';
import { useWords } from '../words/index.js';
import { CallStack } from './call-stack.js';
import { DialCard } from './dial-card.js';
import { useDeskState } from './desk-session.js';
import { Middle } from './middle.js';
import { PresenceButtons, StatusTile } from './status-tile.js';
import { TeamColumn } from './team-column.js';
import { TodayCard } from './today-card.js';

/** The desk: own state and call at the left, the customer in the middle, the colleagues at the right. */
export function DeskPage() {
  const { t } = useWords();
  const desk = useDeskState();
  usePageTitle(t('nav.desk'));
  if (!desk) return <Loading />;
  return (
    <div className="grid items-start gap-3 lg:grid-cols-[25rem_minmax(0,1fr)] xl:grid-cols-[26rem_minmax(0,1fr)_clamp(20rem,25vw,30rem)]">
      <h1 className="sr-only">{t('nav.desk')}</h1>
      <div className="flex min-w-0 flex-col gap-3">
        <StatusTile desk={desk} />
        <PresenceButtons desk={desk} />
        <CallStack desk={desk} />
        {!desk.call && !desk.offer && !desk.wrapUp && (
          <>
            <DialCard />
            <TodayCard />
          </>
        )}
      </div>
      <Middle desk={desk} />
      <TeamColumn />
    </div>
  );
}
