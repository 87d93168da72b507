import type { ComponentProps, ReactNode } from 'react';
import { cx } from './cx.js';

export function Card({ className, ...rest }: ComponentProps<'section'>) {
  return <section className={cx('rounded-2xl bg-white shadow-card', className)} {...rest} />;
}

/** The heading of a card, with something at its right. */
export function CardTitle({ id, children, aside }: { id?: string; children: ReactNode; aside?: ReactNode }) {
  return (
    <div className="flex items-baseline justify-between gap-3">
      <h2 id={id} className="text-base font-bold text-slate-900">
        {children}
      </h2>
      {aside}
    </div>
  );
}

/** A small fact: a word above, a value below. */
export function Fact({ label, children, className }: { label: string; children: ReactNode; className?: string }) {
  return (
    <div className={cx('min-w-0 rounded-lg bg-slate-50 px-3 py-2', className)}>
      <dt className="text-sm text-slate-600">{label}</dt>
      <dd className="text-lg leading-snug font-bold break-words">{children}</dd>
    </div>
  );
}

interface EmptyProps {
  icon?: ReactNode;
  title: string;
  hint?: string;
  /** The title is the heading of the whole page. */
  heading?: boolean;
}

/** What stands where there is nothing. */
export function Empty({ icon, title, hint, heading = false }: EmptyProps) {
  const Title = heading ? 'h1' : 'p';
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-10 text-center text-slate-600">
      {icon && <div className="rounded-full bg-slate-100 p-4 text-slate-500">{icon}</div>}
      <Title className="text-lg font-bold text-slate-800">{title}</Title>
      {hint && <p className="max-w-md text-base">{hint}</p>}
    </div>
  );
}

/** A person's or customer's round picture: the first letter of the name. */
export function Avatar({ letter, size = 'large' }: { letter: string; size?: 'small' | 'large' }) {
  return (
    <span
      aria-hidden="true"
      className={cx(
        'inline-flex shrink-0 items-center justify-center rounded-full bg-indigo-100 font-bold text-indigo-800',
        size === 'large' ? 'size-14 text-2xl' : 'size-10 text-lg',
      )}
    >
      {letter}
    </span>
  );
}
