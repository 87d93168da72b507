/**
 * One clock for the page: a single timer of 1 Hz writes the text of every running time. A React timer per card costs a frame
 * each (2,000 cards: the page dies); a text node costs nothing.
 */
import { useEffect, useRef } from 'react';
import { serverNow } from './server-clock.js';

const watchers = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;

function tick() {
  for (const watcher of watchers) watcher();
  // Aligned to the second, so that all clocks of the page turn together.
  timer = watchers.size > 0 ? setTimeout(tick, 1_000 - (serverNow() % 1_000) + 5) : undefined;
}

export function onSecond(watcher: () => void): () => void {
  watchers.add(watcher);
  timer ??= setTimeout(tick, 1_000 - (serverNow() % 1_000) + 5);
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearTimeout(timer);
    timer = undefined;
  };
}

interface TickingProps {
  /** The text now, from the server's clock. */
  text: (now: number) => string;
  className?: string;
}

/** A text that changes with the second, written without React. */
export function Ticking({ text, className }: TickingProps) {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const write = () => {
      if (place.current) place.current.textContent = text(serverNow());
    };
    write();
    return onSecond(write);
  });
  return <span ref={place} className={className} />;
}
