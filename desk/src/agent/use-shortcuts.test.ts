import { expect, test } from 'vitest';
import { shortcutOf } from './use-shortcuts.js';

const key = (code: string, more: Partial<Parameters<typeof shortcutOf>[0]> = {}) => ({
  code,
  key: code.replace('Key', '').toLowerCase(),
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  isComposing: false,
  keyCode: 65,
  repeat: false,
  ...more,
});
const ctrlShift = { ctrlKey: true, shiftKey: true };

test('a call is answered and ended by combinations that type nothing', () => {
  expect(shortcutOf(key('KeyA', ctrlShift), false)).toBe('answer');
  expect(shortcutOf(key('KeyX', ctrlShift), false)).toBe('hang-up');
});

test('a single letter works only while nobody types', () => {
  expect(shortcutOf(key('KeyM'), false)).toBe('mute');
  expect(shortcutOf(key('KeyD'), false)).toBe('dial');
  expect(shortcutOf(key('KeyM'), true)).toBe(null);
  expect(shortcutOf(key('KeyD'), true)).toBe(null);
  expect(shortcutOf(key('KeyH'), true)).toBe(null);
});

test('while an input method composes, every key belongs to it', () => {
  expect(shortcutOf(key('KeyM', { isComposing: true }), false)).toBe(null);
  expect(shortcutOf(key('KeyA', { ...ctrlShift, keyCode: 229 }), false)).toBe(null);
});

test('a key that is held down asks once, and Alt combinations are not ours', () => {
  expect(shortcutOf(key('KeyX', { ...ctrlShift, repeat: true }), false)).toBe(null);
  expect(shortcutOf(key('KeyM', { altKey: true }), false)).toBe(null);
});

test('Enter and Space ask for nothing: an Enter typed in a note must not answer', () => {
  expect(shortcutOf(key('Enter', { key: 'Enter' }), false)).toBe(null);
  expect(shortcutOf(key('Space', { key: ' ' }), false)).toBe(null);
});

test('Ctrl or ⌘ with K goes to the search, in a field too', () => {
  expect(shortcutOf(key('KeyK', { ctrlKey: true }), true)).toBe('search');
  expect(shortcutOf(key('KeyK', { metaKey: true }), true)).toBe('search');
  expect(shortcutOf(key('KeyK', { metaKey: true, ctrlKey: true }), true)).toBe(null);
});
