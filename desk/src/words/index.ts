/** Words: the dictionary, the chosen language, and how times and numbers are written. Start at words.ts. */
export { dispositionText } from './disposition.js';
export { fold, initial } from './kana.js';
export { currentWords, setLocale, startLocale, useWords } from './locale.js';
export { callerName, callerNumber, contactNumber } from './name.js';
export { plainDigits, showNumber } from './phone-number.js';
export * from './time.js';
export { isWordKey, type Locale, type Translate, type WordKey } from './words.js';
