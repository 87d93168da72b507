import { Notice } from '../kit/notice.js';
import { useWords } from '../words/index.js';
import { errorText } from './error-text.js';

/** What the server's refusal, or its silence, means; nothing while there is none. */
export function Failure({ of: error }: { of: unknown }) {
  const { t } = useWords();
  return error ? <Notice look="problem" title={errorText(error, t)} /> : null;
}
