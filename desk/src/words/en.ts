/** Every word on the screen, in English. */
import { desk } from './en/desk.js';
import { records } from './en/records.js';
import { system } from './en/system.js';
import type { WordKey } from './ja.js';

export const en = { ...desk, ...records, ...system } satisfies Record<WordKey, string>;
