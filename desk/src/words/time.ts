/** Times and spans of time as the screen shows them. All instants are epoch milliseconds; spans are milliseconds. */
import type { Locale } from './words.js';

const tags: Record<Locale, string> = { ja: 'ja-JP', en: 'en-GB' };

/** The browser's zone; the house is made for Japan, so Tokyo where the browser does not say. */
export function zone(): string {
  const named = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return !named || named === 'UTC' || named === 'Etc/Unknown' ? 'Asia/Tokyo' : named;
}

const formats = new Map<string, Intl.DateTimeFormat>();
function format(locale: Locale, timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale}|${timeZone}|${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) formats.set(key, (found = new Intl.DateTimeFormat(tags[locale], { ...options, timeZone })));
  return found;
}

/** `14:32`. */
export const clockTime = (at: number, locale: Locale, timeZone = zone()) =>
  format(locale, timeZone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);

/** `14:32:05`. */
export const exactTime = (at: number, locale: Locale, timeZone = zone()) =>
  format(locale, timeZone, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(at);

/** `11月22日(日)` / `Sun, 22 Nov`. */
export const shortDate = (at: number, locale: Locale, timeZone = zone()) =>
  format(locale, timeZone, { month: 'short', day: 'numeric', weekday: 'short' }).format(at);

/** `2026年11月22日(日)` / `Sun, 22 November 2026`. */
export const longDate = (at: number, locale: Locale, timeZone = zone()) =>
  format(locale, timeZone, { year: 'numeric', month: 'long', day: 'numeric', weekday: 'short' }).format(at);

/** The day that `at` falls on, `2026-11-22`: equal for two instants of the same day. */
export const dayKey = (at: number, timeZone = zone()) =>
  format('en', timeZone, { year: 'numeric', month: '2-digit', day: '2-digit' })
    .formatToParts(at)
    .filter((part) => part.type !== 'literal')
    .toReversed()
    .map((part) => part.value)
    .join('-');

/** The first instant of the day that `at` falls on. */
export function dayStart(at: number, timeZone = zone()): number {
  const parts = format('en', timeZone, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
    .formatToParts(at)
    .reduce<Record<string, number>>((all, part) => ({ ...all, [part.type]: Number(part.value) }), {});
  const sinceMidnight = ((parts['hour'] ?? 0) * 60 + (parts['minute'] ?? 0)) * 60 + (parts['second'] ?? 0);
  return Math.floor(at / 1000) * 1000 - sinceMidnight * 1000;
}

/** A running clock: `03:27`, `1:02:09` from an hour on. Never negative. */
export function timer(spanMs: number): string {
  const all = Math.max(0, Math.floor(spanMs / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(all / 3600);
  const rest = `${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** A span in words: `12秒`, `3分27秒` / `12 s`, `3 min 27 s`. Under ten seconds with a tenth; nothing at all is `0秒`. */
export function span(spanMs: number, locale: Locale): string {
  const japanese = locale === 'ja';
  if (spanMs >= 50 && spanMs < 9_950) {
    const tenths = (Math.round(spanMs / 100) / 10).toFixed(1);
    return japanese ? `${tenths}秒` : `${tenths} s`;
  }
  const all = Math.max(0, Math.round(spanMs / 1000));
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  if (hours > 0) return japanese ? `${hours}時間${minutes}分` : `${hours} h ${minutes} min`;
  if (minutes > 0) return japanese ? `${minutes}分${seconds}秒` : `${minutes} min ${seconds} s`;
  return japanese ? `${seconds}秒` : `${seconds} s`;
}
