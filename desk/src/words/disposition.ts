import { isWordKey, type Translate } from './words.js';

/** An outcome code in words; one that this desk does not know is shown as it is. */
export function dispositionText(code: string, t: Translate): string {
  const key = `disposition.${code}`;
  return isWordKey(key) ? t(key as 'disposition.other') : code;
}
