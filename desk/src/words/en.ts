/** Every word on the screen, in English. */
import { desk } from './en/desk.js';
import { records } from './en/records.js';
import type { WordKey } from './ja.js';

export const en = { ...desk, ...records } satisfies Record<WordKey, string>;
