/** Lists come out of spreadsheets in UTF-8 or, in Japan, Shift_JIS; neither says so. */
export interface ReadFile {
  text: string;
  encoding: 'UTF-8' | 'Shift_JIS';
}

/** UTF-8 when every byte of it is that, else Shift_JIS. A Japanese text in one is practically never valid in the other. */
export function decodeCsv(bytes: Uint8Array): ReadFile {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'UTF-8' };
  } catch {
    return { text: new TextDecoder('shift_jis').decode(bytes), encoding: 'Shift_JIS' };
  }
}
