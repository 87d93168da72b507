/**
 * Folds what people type so that a name is found in any script of it: half-width and full-width forms are one, hiragana is
 * katakana, letters are lower case, spaces do not count. `ﾔﾏﾀﾞ`, `やまだ` and `ヤマダ` are equal.
 */
export function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[ぁ-ゖ]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0x60))
    .replace(/\s+/g, '');
}

/** The first letter to show in a customer's round picture; a whole character, also outside the basic plane. */
export function initial(name: string): string {
  return [...name.trim()][0]?.toLocaleUpperCase() ?? '?';
}
