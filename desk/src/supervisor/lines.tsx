import { CircleAlert, CircleCheck, TriangleAlert, type LucideIcon } from 'lucide-react';
import type { ConversationDetail } from '@denwaban/core/wire';
import { Card, CardTitle } from '../kit/card.js';
import { cx } from '../kit/cx.js';
import { useWords } from '../words/index.js';
import { lineFigures, type Line } from './line-figures.js';

const marks: Record<Line['grade'], { icon: LucideIcon; tone: string }> = {
  good: { icon: CircleCheck, tone: 'bg-emerald-100 text-emerald-900' },
  fair: { icon: CircleAlert, tone: 'bg-amber-100 text-amber-900' },
  poor: { icon: TriangleAlert, tone: 'bg-rose-100 text-rose-900' },
};

/** How the call sounded: one word for each line, and the figures that an engineer asks for. */
export function Lines({ detail }: { detail: ConversationDetail }) {
  const { t } = useWords();
  if (detail.lines.length === 0) return null;
  return (
    <Card className="p-5">
      <CardTitle aside={<span className="text-sm text-slate-600">{t('line.hint')}</span>}>{t('line.title')}</CardTitle>
      <ul className="mt-3 flex flex-col gap-3">
        {detail.lines.map((line) => (
          <LineOf line={line} key={`${line.agent?.id} ${line.since}`} />
        ))}
      </ul>
    </Card>
  );
}

function LineOf({ line }: { line: Line }) {
  const { t } = useWords();
  const { whose, grade, worst, rows } = lineFigures(line, t);
  const { icon: Icon, tone } = marks[line.grade];
  return (
    <li className="rounded-xl bg-slate-50 p-4">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-bold">{whose}</span>
        <span className={cx('flex items-center gap-1.5 rounded-full px-3 py-0.5 text-sm font-semibold', tone)}>
          <Icon size={15} aria-hidden="true" />
          {grade}
        </span>
        {worst !== null && <span className="text-sm text-slate-700">{worst}</span>}
      </p>
      <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5 text-sm">
        {rows.map(({ what, figures }) => (
          <div className="contents" key={what}>
            <dt className="text-slate-600">{what}</dt>
            <dd className="tabular-nums">{figures}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}
