/** What was measured of a line, in words. Pure. */
import type { ConversationDetail } from '@denwaban/core/wire';
import type { Translate } from '../words/index.js';

export type Line = ConversationDetail['lines'][number];
type Direction = NonNullable<Line['mean']['from']>;

export interface LineFigures {
  whose: string;
  grade: string;
  /** Only when the worst ten seconds were of another grade than the whole. */
  worst: string | null;
  rows: { what: string; figures: string }[];
}

export function lineFigures(line: Line, t: Translate): LineFigures {
  const { mean } = line;
  const row = (what: 'line.from' | 'line.to', heard: Direction | null) =>
    heard === null ? [] : [{ what: t(what), figures: figuresOf(heard, t) }];
  const trip =
    mean.rttMs === null ? [] : [{ what: t('line.rtt'), figures: t('line.ms', { ms: Math.round(mean.rttMs) }) }];
  return {
    whose: line.agent === null ? t('line.customer') : t('line.agent', { name: line.agent.name }),
    grade: t(`line.${line.grade}`),
    worst: line.worstGrade === line.grade ? null : t('line.worst', { grade: t(`line.${line.worstGrade}`) }),
    rows: [...row('line.from', mean.from), ...row('line.to', mean.to), ...trip],
  };
}

function figuresOf({ mos, lostPercent, jitterMs }: Direction, t: Translate): string {
  return [
    t('line.mos', { mos: mos.toFixed(1) }),
    t('line.lost', { percent: lostPercent.toFixed(1) }),
    t('line.jitter', { ms: Math.round(jitterMs) }),
  ].join(' · ');
}
