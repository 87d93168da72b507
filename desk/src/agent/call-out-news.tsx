import { useQuery } from '@tanstack/react-query';
import { PhoneOff, X } from 'lucide-react';
import { api } from '../link/api.js';
import { codeText } from '../link/error-text.js';
import { Card } from '../kit/card.js';
import { callerName, callerNumber, useWords } from '../words/index.js';
import { CallButton } from './call-button.js';
import { causeWord, readDialled } from './call-out.js';
import { usePhone, usePhoneView } from './desk-session.js';

/** What the next try would be answered with too. */
const final = new Set(['no-number', 'number-not-allowed', 'emergency-number', 'no-trunk']);

/** What became of the last call out that nobody answered, or that was not let out; until one closes it or something else begins. */
export function CallOutNews() {
  const { t } = useWords();
  const news = usePhoneView((view) => view.callOut);
  const unanswered = news?.state === 'unanswered' ? news.caller : null;
  const record = useQuery({
    queryKey: ['conversation', unanswered?.conversation],
    queryFn: ({ signal }) => api.conversation(unanswered?.conversation ?? '', signal),
    enabled: unanswered !== null,
    // The desk is told first, the record follows within moments.
    refetchInterval: ({ state }) => (state.data?.end ? false : 500),
  });
  if (news?.state === 'refused') {
    const shown = readDialled(news.number)?.shown ?? news.number;
    const because = news.microphone ? t(`microphone.problem.${news.microphone}`) : codeText(news.code, t);
    const again = final.has(news.code) ? null : { number: news.number, customer: null };
    return <News title={t('call-out.refused')} who={shown} because={because} again={again} />;
  }
  if (!unanswered || !record.data?.end) return null;
  const word = causeWord(record.data);
  const { customer, number } = unanswered;
  return (
    <News
      title={t(word === 'call-out.cause.cancelled' ? word : 'call-out.unanswered')}
      who={customer ? `${callerName(unanswered, t)} · ${callerNumber(unanswered, t)}` : callerNumber(unanswered, t)}
      because={word === 'call-out.cause.cancelled' ? null : t(word)}
      again={number === null ? null : { number, customer }}
    />
  );
}

interface NewsProps {
  title: string;
  who: string;
  because: string | null;
  again?: { number: string; customer: { id: string; name: string } | null } | null;
}

function News({ title, who, because, again = null }: NewsProps) {
  const { t } = useWords();
  const phone = usePhone();
  return (
    <Card data-testid="call-out-news" className="border-l-8 border-amber-600 p-4">
      <div className="flex items-start gap-3">
        <PhoneOff size={24} aria-hidden="true" className="mt-0.5 shrink-0 text-amber-800" />
        <div role="alert" className="min-w-0 flex-1">
          <h2 className="text-lg font-bold">{title}</h2>
          <p className="text-base text-slate-700">{who}</p>
          {because && <p className="mt-1 text-base font-semibold">{because}</p>}
        </div>
        {again && <CallButton word {...again} />}
        <button
          type="button"
          aria-label={t('call-out.close')}
          onClick={() => phone.forgetCallOut()}
          className="rounded-lg p-1.5 text-slate-600 hover:bg-slate-100"
        >
          <X size={20} />
        </button>
      </div>
    </Card>
  );
}
