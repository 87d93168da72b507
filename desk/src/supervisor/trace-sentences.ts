/** The trace of a routing decision as sentences, in the order of time. Pure. */
import type { ConversationDetail } from '@denwaban/core/wire';
import { isWordKey, span, type Locale, type Translate } from '../words/index.js';

export interface Sentence {
  at: number;
  /** What happened: it chooses the mark before the sentence. */
  what: 'entered' | 'skipped' | 'offered' | 'ended' | 'accepted' | 'closed';
  text: string;
  /** Who might have been asked and was not, with the reason. */
  passedOver: string[];
}

/** A reason's code in words; one that this desk does not know is shown as it is. */
function because(code: string | null, t: Translate): string {
  const key = `trace.because.${code}`;
  return isWordKey(key) ? t(key as 'trace.because.owner') : (code ?? t('common.unknown'));
}

export function sentencesOf(detail: ConversationDetail, t: Translate, locale: Locale): Sentence[] {
  const steps = detail.trace.map((entry): Sentence => {
    const reason = because(entry.because, t);
    const passedOver = entry.passedOver.map((one) =>
      t('trace.passed-over', { name: one.agent.name, because: because(one.because, t) }),
    );
    const { at, what } = entry;
    switch (what) {
      case 'entered':
        return { at, what, text: t(`trace.entered.${entry.target}`), passedOver };
      case 'skipped':
        return { at, what, text: t(`trace.skipped.${entry.target}`, { because: reason }), passedOver };
      case 'offered':
        return { at, what, text: t('trace.offered', { name: entry.agent?.name ?? '', because: reason }), passedOver };
      case 'ended':
        return { at, what, text: t('trace.ended', { because: reason }), passedOver };
    }
  });
  const outcomes = detail.offers.map((offer): Sentence => {
    const name = offer.agent.name;
    if (!offer.outcome || offer.closedAt === null) {
      return {
        at: offer.ringingAt ?? offer.offeredAt,
        what: 'offered',
        text: t('outcome.open', { name }),
        passedOver: [],
      };
    }
    const time = span(offer.closedAt - offer.offeredAt, locale);
    const what = offer.outcome === 'accepted' ? 'accepted' : 'closed';
    return { at: offer.closedAt, what, text: t(`outcome.${offer.outcome}`, { name, time }), passedOver: [] };
  });
  // Steady: of two at the same instant the offer's outcome comes before the step that it caused.
  return [...outcomes, ...steps].toSorted((a, b) => a.at - b.at);
}
