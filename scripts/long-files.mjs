/**
 * Files that are longer than the house likes, each with its size and its reason. The sizes only go down: a file that
 * outgrows its entry is divided, an entry that is no longer needed is taken out.
 * @type {Record<string, {lines: number, because: string}>}
 */
export const longFiles = {};
