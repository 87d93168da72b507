import type { ReactNode } from 'react';
import { LanguageSwitch } from './language-switch.js';
import { ProductMark } from './product-mark.js';
import { cx } from './cx.js';

/** Around a page that needs no session: whose product it is, and in which language. */
export function PublicFrame({ className, children }: { className?: string; children: ReactNode }) {
  return (
    <div className={cx('flex min-h-dvh flex-col', className)}>
      <header className="flex items-center justify-between px-6 py-2 tall:py-4">
        <ProductMark />
        <LanguageSwitch />
      </header>
      {children}
    </div>
  );
}
