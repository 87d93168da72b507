/**
 * Keys of the desk. While a Japanese input method composes, Enter and letters belong to it; while somebody types in a field,
 * single letters do. The combinations with Ctrl+Shift type nothing and work everywhere.
 */
import { useEffect, useRef } from 'react';

export type Shortcut = 'answer' | 'hang-up' | 'mute' | 'hold' | 'note' | 'search' | 'dial' | 'help';

interface Key {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  isComposing: boolean;
  keyCode: number;
  repeat: boolean;
}

/** What a key asks for, or null. `typing`: the focus is in something that takes text. */
export function shortcutOf(event: Key, typing: boolean): Shortcut | null {
  // 229 is what some browsers send for the Enter that ends a composition, after isComposing went back to false.
  if (event.isComposing || event.keyCode === 229 || event.repeat || event.altKey) return null;
  if (event.ctrlKey && event.shiftKey && !event.metaKey) {
    if (event.code === 'KeyA') return 'answer';
    return event.code === 'KeyX' ? 'hang-up' : null;
  }
  if (event.ctrlKey !== event.metaKey && !event.shiftKey) return event.code === 'KeyK' ? 'search' : null;
  if (typing || event.ctrlKey || event.metaKey) return null;
  if (event.key === '?') return 'help';
  if (event.shiftKey) return null;
  switch (event.code) {
    case 'KeyM':
      return 'mute';
    case 'KeyH':
      return 'hold';
    case 'KeyN':
      return 'note';
    case 'KeyD':
      return 'dial';
    default:
      return null;
  }
}

/** True for an element that takes what is typed. */
export function takesText(element: Element | null): boolean {
  if (!(element instanceof HTMLElement)) return false;
  if (element.isContentEditable || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement)
    return true;
  return element instanceof HTMLInputElement && !/^(button|checkbox|radio|range|submit|reset|file)$/.test(element.type);
}

/** Pressing a key twice in a hurry must not answer and then hang up. */
const pauseMs = 1_000;

export function useShortcuts(actions: Partial<Record<Shortcut, () => void>>): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    let callKeyAt = 0;
    const press = (event: KeyboardEvent) => {
      const shortcut = shortcutOf(event, takesText(document.activeElement));
      const action = shortcut && latest.current[shortcut];
      if (!action) return;
      event.preventDefault();
      if (shortcut === 'answer' || shortcut === 'hang-up') {
        if (event.timeStamp - callKeyAt < pauseMs) return;
        callKeyAt = event.timeStamp;
      }
      action();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
}
