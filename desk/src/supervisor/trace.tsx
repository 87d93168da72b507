import {
  ArrowDownToDot,
  CircleCheckBig,
  CircleX,
  FastForward,
  Flag,
  PhoneForwarded,
  PhoneOutgoing,
  type LucideIcon,
} from 'lucide-react';
import type { ConversationDetail } from '@denwaban/core/wire';
import { cx } from '../kit/cx.js';
import { exactTime, useWords } from '../words/index.js';
import { sentencesOf, type Sentence } from './trace-sentences.js';

const marks: Record<Sentence['what'], { icon: LucideIcon; tone: string }> = {
  called: { icon: PhoneOutgoing, tone: 'bg-violet-100 text-violet-800' },
  entered: { icon: ArrowDownToDot, tone: 'bg-slate-200 text-slate-800' },
  skipped: { icon: FastForward, tone: 'bg-slate-200 text-slate-700' },
  offered: { icon: PhoneForwarded, tone: 'bg-violet-100 text-violet-800' },
  ended: { icon: Flag, tone: 'bg-slate-200 text-slate-700' },
  accepted: { icon: CircleCheckBig, tone: 'bg-emerald-100 text-emerald-800' },
  closed: { icon: CircleX, tone: 'bg-rose-100 text-rose-800' },
};

/** Why the call went where it went, as a person would tell it. */
export function Trace({ detail }: { detail: ConversationDetail }) {
  const { t, locale } = useWords();
  const sentences = sentencesOf(detail, t, locale);
  if (sentences.length === 0) return <p className="mt-3 text-slate-600">{t('conversation.trace-empty')}</p>;
  return (
    <ol className="mt-4 flex flex-col">
      {sentences.map((sentence, index) => {
        const { icon: Icon, tone } = marks[sentence.what];
        return (
          <li key={`${index} ${sentence.at}`} className="relative flex gap-3 pb-4 last:pb-0">
            {index < sentences.length - 1 && (
              <span aria-hidden="true" className="absolute top-8 bottom-0 left-4 w-px bg-slate-300" />
            )}
            <span className={cx('flex size-8 shrink-0 items-center justify-center rounded-full', tone)}>
              <Icon size={17} aria-hidden="true" />
            </span>
            <div className="min-w-0 pt-0.5">
              <p className="text-base leading-snug">
                <span className="mr-2 text-sm text-slate-600">{exactTime(sentence.at, locale)}</span>
                {sentence.text}
              </p>
              {sentence.passedOver.length > 0 && (
                <p className="mt-0.5 text-sm text-slate-600">
                  {t('trace.passed-over-title')} {sentence.passedOver.join(locale === 'ja' ? '、' : ', ')}
                </p>
              )}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
