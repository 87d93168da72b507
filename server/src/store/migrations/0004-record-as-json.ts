/**
 * 0004: the record is kept as it was written (`folded`, json) and not taken apart (`record`, jsonb), which was most of what a row cost.
 * Nothing looks for anything inside it: what is filtered and reported by has columns of its own. Old rows keep what they have, since
 * nothing is rewritten; whoever reads takes `coalesce(folded, record::json)`.
 */
export const recordAsJson = {
  version: 4,
  name: 'record-as-json',
  up: `
    ALTER TABLE conversation ADD COLUMN folded json, ALTER COLUMN record DROP NOT NULL;
  `,
};
