/**
 * Text as it is searched: one form for every way of writing it, cut into bigrams that PostgreSQL keeps in a tsvector. Done
 * here and not by the database's text search, which knows no Japanese word boundary and depends on the system's locale.
 */

/** Han, kana and their marks: written without spaces, so a space among them means nothing. */
const cjkGap =
  /(?<=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー])\s+|\s+(?=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー])/gu;
const accents = /[\u0300-\u036f]/g;
const katakana = /[\u30a1-\u30f6]/g;
const neitherLetterNorDigit = /[^\p{L}\p{N}\p{M}]+/gu;

/**
 * Full-width and half-width, upper and lower case, hiragana and katakana, accents: all to one form. Spaces beside Japanese
 * letters go, so that 山田 太郎 and 山田太郎 are the same.
 */
export function foldText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(accents, '')
    .normalize('NFKC')
    .toLowerCase()
    .replace(katakana, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60))
    .replace(neitherLetterNorDigit, ' ')
    .trim()
    .replace(cjkGap, '');
}

/** What a row is found by: its parts, folded, one to a line. */
export const searchText = (parts: readonly (string | null)[]): string =>
  searchTextOf(parts.map((part) => foldText(part ?? '')));

/** The same of parts that are folded already. */
export const searchTextOf = (folded: readonly string[]): string => folded.filter((part) => part !== '').join('\n');

/**
 * The lexemes of a folded text: every pair of neighbouring characters, and the last character of each word with a space. So
 * every character begins a lexeme, and a single one is found by prefix.
 */
export function lexemes(folded: string): string[] {
  const found = new Set<string>();
  for (const word of folded.split(/\s+/)) {
    const characters = [...word];
    for (let i = 0; i < characters.length; i++) found.add((characters[i] ?? '') + (characters[i + 1] ?? ' '));
  }
  return [...found];
}

/** A question as the database is asked it. */
export interface TextQuery {
  /** For `search @@ $::tsquery`: narrow, by index; lets through what has the same pairs in another order. */
  tsquery: string;
  /** Each must occur in the searched text: exact. */
  words: string[];
}

/** Null when nothing in it can be searched for. Words may stand in any order. */
export function textQuery(written: string): TextQuery | null {
  const words = written
    .split(/\s+/)
    .flatMap((word) => foldText(word).split(' '))
    .filter((word) => word !== '')
    .slice(0, 10)
    .map((word) => [...word].slice(0, 40).join(''));
  if (words.length === 0) return null;
  const terms = words.flatMap((word) => {
    const characters = [...word];
    if (characters.length === 1) return [`${quote(word)}:*`];
    return characters.slice(1).map((character, i) => quote((characters[i] ?? '') + character));
  });
  return { tsquery: [...new Set(terms)].join(' & '), words };
}

const quote = (lexeme: string) => `'${lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
