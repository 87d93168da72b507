/** Range requests on bytes (RFC 9110 §14). Pure. */
export type RangeAnswer = { type: 'whole' } | { type: 'part'; first: number; last: number } | { type: 'unsatisfiable' };

/**
 * Reads a Range header against a representation of `size` bytes. `first` and `last` are inclusive.
 *
 * A header that is malformed, in another unit, or asks for several ranges is ignored, as RFC 9110 §14.2 allows: then the
 * whole is the answer. A range that begins at or after the end, or a suffix of nothing, cannot be satisfied (416).
 */
export function readRange(header: string | undefined, size: number): RangeAnswer {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header?.trim() ?? '');
  if (match === null) return { type: 'whole' };
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return { type: 'whole' };
  if (from === '') {
    const length = Number(to);
    if (length === 0 || size === 0) return { type: 'unsatisfiable' };
    return { type: 'part', first: Math.max(0, size - length), last: size - 1 };
  }
  const first = Number(from);
  if (to !== '' && Number(to) < first) return { type: 'whole' };
  if (first >= size) return { type: 'unsatisfiable' };
  return { type: 'part', first, last: to === '' ? size - 1 : Math.min(Number(to), size - 1) };
}

/**
 * Whether a Range header may be heeded, given If-Range (RFC 9110 §13.1.5). Strong comparison: a weak tag never matches, nor
 * does anything while there is no tag.
 */
export function ifRangeHolds(header: string | undefined, etag: string | null): boolean {
  return header === undefined || (etag !== null && header.trim() === etag);
}

/** If-None-Match (RFC 9110 §13.1.2), weak comparison. */
export function noneMatch(header: string | undefined, etag: string | null): boolean {
  if (header === undefined || etag === null) return true;
  if (header.trim() === '*') return false;
  return !header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
