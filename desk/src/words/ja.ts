/** Every word on the screen, in Japanese. `{name}` is a place for a value; keys and places are the same in every language. */
import { callOut } from './ja/call-out.js';
import { desk } from './ja/desk.js';
import { records } from './ja/records.js';
import { system } from './ja/system.js';

export const ja = { ...desk, ...records, ...system, ...callOut };

export type WordKey = keyof typeof ja;
