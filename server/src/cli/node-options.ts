/**
 * What Node is told for each role. V8's young generation ends at 16 MB unless told otherwise: at some hundred calls a second it is
 * full several times a second, and what belongs to a call that still talks is carried on each time. It grows only as far as it
 * is used.
 */
export const nodeOptions = {
  control: ['--max-semi-space-size=64'],
  media: [],
} as const;
