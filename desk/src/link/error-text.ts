/** What a refusal means, in words. */
import { isWordKey, type Translate } from '../words/index.js';
import { ApiError } from './api.js';

/** For codes of the catalogue; one that this desk does not know yet is told as "something broke". */
export function codeText(code: string, t: Translate): string {
  const key = `error.${code}`;
  return t((isWordKey(key) ? key : 'error.internal') as 'error.internal');
}

export function errorText(error: unknown, t: Translate): string {
  if (!(error instanceof ApiError)) return t('common.broken-hint');
  const text = codeText(error.code, t);
  return error.requestId && error.code === 'internal' ? `${text} ${t('error.request', { id: error.requestId })}` : text;
}
