import type { ComponentProps, ReactNode } from 'react';
import { cx } from './cx.js';

const looks = {
  primary: 'bg-indigo-700 text-white hover:bg-indigo-800 active:bg-indigo-900',
  go: 'bg-emerald-700 text-white hover:bg-emerald-800 active:bg-emerald-900',
  stop: 'bg-rose-600 text-white hover:bg-rose-700 active:bg-rose-800',
  quiet: 'bg-slate-100 text-slate-900 hover:bg-slate-200 active:bg-slate-300',
  outline: 'bg-white text-slate-800 ring-1 ring-inset ring-slate-300 hover:bg-slate-50 active:bg-slate-100',
  bare: 'text-slate-700 hover:bg-slate-100 active:bg-slate-200',
} as const;
const sizes = {
  small: 'min-h-8 gap-1.5 px-3 text-sm rounded-lg',
  medium: 'min-h-10 gap-2 px-4 text-base rounded-lg',
  large: 'min-h-14 gap-2.5 px-5 text-lg rounded-xl',
} as const;

export interface ButtonProps extends ComponentProps<'button'> {
  look?: keyof typeof looks;
  size?: keyof typeof sizes;
}

/** Every button. `type` is `button` unless said: a stray Enter must not submit what stands around it. */
export function Button({ look = 'quiet', size = 'medium', className, type = 'button', ...rest }: ButtonProps) {
  return <button type={type} className={buttonLook(look, size, className)} {...rest} />;
}

/** For links that look like buttons. */
export function buttonLook(look: keyof typeof looks, size: keyof typeof sizes, className?: string) {
  return cx(
    'inline-flex items-center justify-center font-semibold whitespace-nowrap transition-colors',
    'disabled:pointer-events-none disabled:opacity-45',
    looks[look],
    sizes[size],
    className,
  );
}

export interface ToolButtonProps extends ComponentProps<'button'> {
  icon: ReactNode;
  label: string;
  /** The key to press, shown small. */
  hint?: string | undefined;
  look?: 'quiet' | 'stop' | 'on';
  /** Icon and words side by side: for a button as wide as the card. */
  wide?: boolean;
}

/** A large square button of the call card: icon, word, key. */
export function ToolButton({ icon, label, hint, look = 'quiet', wide = false, className, ...rest }: ToolButtonProps) {
  const tone = {
    quiet: 'bg-slate-100 text-slate-900 hover:bg-slate-200 active:bg-slate-300',
    stop: 'bg-rose-600 text-white hover:bg-rose-700 active:bg-rose-800',
    on: 'bg-amber-100 text-amber-950 ring-2 ring-inset ring-amber-600 hover:bg-amber-200',
  }[look];
  return (
    <button
      type="button"
      className={cx(
        'flex min-w-0 items-center justify-center rounded-xl px-1 py-2 transition-colors',
        wide ? 'min-h-14 gap-3' : 'min-h-[4.75rem] flex-col gap-1',
        'disabled:pointer-events-none disabled:opacity-45',
        tone,
        className,
      )}
      {...rest}
    >
      {icon}
      <span className="max-w-full truncate text-base leading-tight font-bold">{label}</span>
      {hint && <kbd className="font-sans text-xs">{hint}</kbd>}
    </button>
  );
}
