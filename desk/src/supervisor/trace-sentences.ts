/** The trace of a routing decision as sentences, in the order of time. Pure. */
import type { ConversationDetail } from '@denwaban/core/wire';
import { causeWord } from '../agent/call-out.js';
import { contactNumber, isWordKey, span, type Locale, type Translate } from '../words/index.js';

export interface Sentence {
  at: number;
  /** What happened: it chooses the mark before the sentence. */
  what: 'called' | 'entered' | 'skipped' | 'offered' | 'ended' | 'accepted' | 'closed';
  text: string;
  /** Who might have been asked and was not, with the reason. */
  passedOver: string[];
}

/** A reason's code in words; one that this desk does not know is shown as it is. */
function because(code: string | null, t: Translate): string {
  const key = `trace.because.${code}`;
  return isWordKey(key) ? t(key as 'trace.because.owner') : (code ?? t('common.unknown'));
}

/** How a call of ours came about, or did not. */
function placed(detail: ConversationDetail, t: Translate, locale: Locale): Sentence[] {
  const { startedAt, endedAt } = detail;
  const name = detail.by?.name ?? t('common.unknown');
  const said: Sentence[] = [
    {
      at: startedAt,
      what: 'called',
      text: t('trace.called', { name, number: contactNumber(detail, t) }),
      passedOver: [],
    },
  ];
  const talk = detail.segments.find(({ kind }) => kind === 'talk');
  if (talk) {
    const time = span(talk.startedAt - startedAt, locale);
    said.push({ at: talk.startedAt, what: 'accepted', text: t('trace.they-answered', { time }), passedOver: [] });
  } else if (endedAt !== null) {
    const values = { cause: t(causeWord(detail)), time: span(endedAt - startedAt, locale) };
    said.push({ at: endedAt, what: 'closed', text: t('trace.unanswered', values), passedOver: [] });
  }
  return said;
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
  const call = detail.direction === 'outbound' ? placed(detail, t, locale) : [];
  return [...call, ...outcomes, ...steps].toSorted((a, b) => a.at - b.at);
}
