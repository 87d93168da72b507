import type { ConversationDetail } from '@denwaban/core/wire';
import { cx } from '../kit/cx.js';
import { serverNow } from '../kit/server-clock.js';
import { exactTime, span, timer, useWords } from '../words/index.js';
import { lanesOf, scaleOf, type Scale, type Segment } from './timeline-scale.js';

const looks: Record<Segment['kind'], string> = {
  wait: 'bg-slate-300 text-slate-900',
  ring: 'bg-violet-600 text-white',
  talk: 'bg-rose-600 text-white',
  hold: 'bg-amber-300 text-amber-950',
  'wrap-up': 'bg-amber-700 text-white',
};
const kinds = ['wait', 'ring', 'talk', 'hold', 'wrap-up'] as const;

/** Who waited, rang, talked, held and wrapped up when, drawn to scale; the same as a list for those who listen. */
export function Timeline({ detail }: { detail: ConversationDetail }) {
  const { t } = useWords();
  const { segments } = detail;
  if (segments.length === 0) return <p className="mt-3 text-slate-600">{t('conversation.timeline-empty')}</p>;
  const now = serverNow();
  const scale = scaleOf(detail.startedAt, segments, now);
  return (
    <>
      <div className="mt-4 grid grid-cols-[minmax(5rem,9rem)_1fr] gap-x-3" aria-hidden="true">
        {lanesOf(segments).map((lane) => (
          <div key={lane.agent?.id ?? 'customer'} className="contents">
            <span className="flex h-11 items-center truncate text-base font-semibold">
              <span className="truncate">{lane.agent?.name ?? t('conversation.row-customer')}</span>
            </span>
            <div className="relative h-11 border-b border-slate-200">
              {lane.segments.map((segment) => (
                <Bar key={`${segment.kind} ${segment.startedAt}`} segment={segment} scale={scale} now={now} />
              ))}
            </div>
          </div>
        ))}
        <span />
        <div className="relative h-6 text-xs text-slate-600">
          {scale.ticks.map((at) => (
            <span
              key={at}
              className="absolute top-0 -translate-x-px border-l border-slate-400 pl-1"
              style={{ left: `${scale.place(at)}%` }}
            >
              {scale.place(at) < 96 && timer(at - scale.from)}
            </span>
          ))}
        </div>
      </div>
      <ul className="mt-2 flex flex-wrap gap-x-5 gap-y-1 text-sm" aria-hidden="true">
        {kinds
          .filter((kind) => segments.some((segment) => segment.kind === kind))
          .map((kind) => (
            <li key={kind} className="flex items-center gap-1.5">
              <span className={cx('size-3.5 rounded', looks[kind])} />
              {t(`conversation.${kind}`)}
            </li>
          ))}
      </ul>
      <SegmentList segments={segments} now={now} />
    </>
  );
}

function Bar({ segment, scale, now }: { segment: Segment; scale: Scale; now: number }) {
  const { t, locale } = useWords();
  const left = scale.place(segment.startedAt);
  const width = scale.place(segment.endedAt ?? now) - left;
  const long = span((segment.endedAt ?? now) - segment.startedAt, locale);
  const word = t(`conversation.${segment.kind}`);
  return (
    <span
      title={`${word} ${exactTime(segment.startedAt, locale)} – ${segment.endedAt ? exactTime(segment.endedAt, locale) : t('common.now')}（${long}）`}
      className={cx(
        'absolute top-1.5 bottom-1.5 flex min-w-1 items-center overflow-hidden rounded-md text-sm font-semibold whitespace-nowrap',
        width > 5 && 'px-2',
        looks[segment.kind],
      )}
      style={{ left: `${left}%`, width: `${width}%` }}
    >
      {width > 16 ? `${word} ${long}` : width > 8 ? word : ''}
    </span>
  );
}

function SegmentList({ segments, now }: { segments: readonly Segment[]; now: number }) {
  const { t, locale } = useWords();
  return (
    <ol className="sr-only">
      {segments.map((segment) => (
        <li key={`${segment.agent?.id} ${segment.kind} ${segment.startedAt}`}>
          {[
            segment.agent?.name ?? t('conversation.row-customer'),
            t(`conversation.${segment.kind}`),
            `${exactTime(segment.startedAt, locale)} – ${segment.endedAt ? exactTime(segment.endedAt, locale) : t('common.now')}`,
            span((segment.endedAt ?? now) - segment.startedAt, locale),
          ].join(', ')}
        </li>
      ))}
    </ol>
  );
}
