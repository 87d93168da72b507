/** The title of the page: the screen's name, and in front of it whatever must be seen from another tab. */
import { useEffect } from 'react';
import { currentWords } from '../words/index.js';

let base = '';
let flash: string | null = null;

function write() {
  const product = currentWords().t('product.name');
  document.title = flash ?? (base ? `${base} · ${product}` : product);
}

export function usePageTitle(title: string): void {
  useEffect(() => {
    base = title;
    write();
  }, [title]);
}

/** Puts a text over the title (an incoming call); null takes it away. */
export function flashTitle(text: string | null): void {
  flash = text;
  write();
}
