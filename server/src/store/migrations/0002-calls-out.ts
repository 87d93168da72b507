/**
 * 0002: calls that an agent places. Every conversation before them came in, so the columns' defaults tell the truth about old rows,
 * and no row is rewritten: a column with a constant default costs PostgreSQL nothing.
 *
 * `from` and `to` say who called whom; the customer's number is `from` of what came in and `to` of what went out.
 */
export const callsOut = {
  version: 2,
  name: 'calls-out',
  up: `
    ALTER TABLE conversation
      ADD COLUMN direction text NOT NULL DEFAULT 'inbound' CHECK (direction IN ('inbound', 'outbound')),
      -- Who placed the call.
      ADD COLUMN "by" text COLLATE "C";
    CREATE INDEX conversation_called ON conversation ("to", started_at DESC) WHERE direction = 'outbound';
    CREATE INDEX conversation_by ON conversation ("by", started_at DESC) WHERE "by" IS NOT NULL;
  `,
};
