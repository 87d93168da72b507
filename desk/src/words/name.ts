/** What to call a caller on the screen. */
import { showNumber } from './phone-number.js';
import type { Translate } from './words.js';

interface Caller {
  customer: { name: string } | null;
  number: string | null;
  numberRaw: string | null;
}

/** The number in national form, as the network gave it when it is no number, or "withheld". */
export function callerNumber(caller: Pick<Caller, 'number' | 'numberRaw'>, t: Translate): string {
  if (caller.number) return showNumber(caller.number);
  return caller.numberRaw || t('caller.withheld');
}

/** `山田 太郎 様`; the number when nobody is known under it. */
export function callerName(caller: Caller, t: Translate): string {
  return caller.customer ? t('caller.suffix', { name: caller.customer.name }) : callerNumber(caller, t);
}

/** The customer's number of a record, whoever called whom. */
export function contactNumber(
  of: { direction: 'inbound' | 'outbound'; customerNumber: string | null; fromRaw: string | null },
  t: Translate,
): string {
  if (of.customerNumber) return showNumber(of.customerNumber);
  return (of.direction === 'inbound' && of.fromRaw) || t('caller.withheld');
}
