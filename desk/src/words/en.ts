/** Every word on the screen, in English. */
import { callOut } from './en/call-out.js';
import { desk } from './en/desk.js';
import { records } from './en/records.js';
import { system } from './en/system.js';
import type { WordKey } from './ja.js';

export const en = { ...desk, ...records, ...system, ...callOut } satisfies Record<WordKey, string>;
