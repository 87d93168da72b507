import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from './cx.js';

const looks = {
  info: { box: 'border-sky-300 bg-sky-50 text-sky-950', icon: <Info className="text-sky-700" /> },
  warning: { box: 'border-amber-400 bg-amber-50 text-amber-950', icon: <TriangleAlert className="text-amber-700" /> },
  problem: { box: 'border-rose-300 bg-rose-50 text-rose-950', icon: <CircleAlert className="text-rose-700" /> },
} as const;

interface NoticeProps {
  look: keyof typeof looks;
  title: string;
  hint?: string | undefined;
  /** A button that mends it. */
  action?: ReactNode;
  className?: string;
}

/** Something to know: icon, words, and what to do about it. Problems are announced at once, the rest politely. */
export function Notice({ look, title, hint, action, className }: NoticeProps) {
  return (
    <div
      role={look === 'problem' ? 'alert' : 'status'}
      className={cx('flex items-start gap-3 rounded-xl border-2 px-4 py-3', looks[look].box, className)}
    >
      <span className="mt-0.5 shrink-0">{looks[look].icon}</span>
      <div className="min-w-0 flex-1">
        <p className="font-bold">{title}</p>
        {hint && <p className="text-sm">{hint}</p>}
      </div>
      {action}
    </div>
  );
}
