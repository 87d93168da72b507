/**
 * 0001: the company (teams, agents, numbers, customers) and the record of its conversations.
 *
 * Ids are compared byte by byte (COLLATE "C"): they sort by time, and cursors page by them on any server's locale.
 * `search` holds bigrams made by directory/search-text.ts, `search_text` the text they were made of.
 */
export const firstCall = {
  version: 1,
  name: 'first-call',
  up: `
    CREATE TABLE team (
      id text COLLATE "C" PRIMARY KEY,
      name text NOT NULL UNIQUE
    );

    CREATE TABLE agent (
      id text COLLATE "C" PRIMARY KEY,
      email text NOT NULL UNIQUE CHECK (email = lower(email)),
      name text NOT NULL,
      kana text,
      role text NOT NULL CHECK (role IN ('agent', 'supervisor', 'admin')),
      team text COLLATE "C" REFERENCES team,
      password_hash text NOT NULL,
      says text NOT NULL DEFAULT 'away' CHECK (says IN ('available', 'away')),
      reason text,
      says_since timestamptz NOT NULL DEFAULT now(),
      created_at timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE session (
      hash bytea PRIMARY KEY,
      agent text COLLATE "C" NOT NULL REFERENCES agent ON DELETE CASCADE,
      created_at timestamptz NOT NULL,
      last_seen_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX session_expires_at ON session (expires_at);

    CREATE TABLE number (
      e164 text COLLATE "C" PRIMARY KEY,
      name text NOT NULL
    );

    CREATE TABLE customer (
      id text COLLATE "C" PRIMARY KEY,
      name text NOT NULL,
      kana text,
      company text,
      owner text COLLATE "C" REFERENCES agent ON DELETE SET NULL,
      team text COLLATE "C" REFERENCES team ON DELETE SET NULL,
      -- The folded reading, else the folded name: the order of the list.
      sort_key text COLLATE "C" NOT NULL,
      search_text text NOT NULL,
      search tsvector NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX customer_order ON customer (sort_key, id);
    CREATE INDEX customer_search ON customer USING gin (search);
    CREATE INDEX customer_owner ON customer (owner);

    CREATE TABLE customer_phone (
      e164 text COLLATE "C" PRIMARY KEY,
      customer text COLLATE "C" NOT NULL REFERENCES customer ON DELETE CASCADE,
      position smallint NOT NULL DEFAULT 0
    );
    CREATE INDEX customer_phone_customer ON customer_phone (customer, position);

    CREATE TABLE conversation (
      id text COLLATE "C" PRIMARY KEY,
      seq integer NOT NULL,
      status text NOT NULL,
      channel text NOT NULL,
      started_at timestamptz NOT NULL,
      ended_at timestamptz,
      closed_at timestamptz,
      "from" text COLLATE "C",
      "to" text COLLATE "C" NOT NULL,
      customer text COLLATE "C",
      owner text COLLATE "C",
      team text COLLATE "C",
      -- Who talked, in order.
      agents text[] COLLATE "C" NOT NULL,
      -- Agents and teams who may see it: core's accessFacts.
      seen_by text[] COLLATE "C" NOT NULL,
      "end" text,
      ended_by text,
      wait_ms integer NOT NULL,
      ring_ms integer NOT NULL,
      talk_ms integer NOT NULL,
      hold_ms integer NOT NULL,
      wrap_up_ms integer NOT NULL,
      disposition text,
      recording text,
      search_text text NOT NULL,
      search tsvector NOT NULL,
      record jsonb NOT NULL
    ) WITH (fillfactor = 80);
    CREATE INDEX conversation_started_at ON conversation (started_at DESC, id DESC);
    CREATE INDEX conversation_open ON conversation (started_at) WHERE closed_at IS NULL;
    CREATE INDEX conversation_customer ON conversation (customer, started_at DESC) WHERE customer IS NOT NULL;
    CREATE INDEX conversation_from ON conversation ("from", started_at DESC) WHERE "from" IS NOT NULL;
    CREATE INDEX conversation_seen_by ON conversation USING gin (seen_by);
    CREATE INDEX conversation_agents ON conversation USING gin (agents);
    CREATE INDEX conversation_search ON conversation USING gin (search);

    -- No foreign key to conversation: one statement writes both, and it would stand in the way of monthly partitions.
    CREATE TABLE conversation_event (
      conversation text COLLATE "C" NOT NULL,
      seq integer NOT NULL,
      at timestamptz NOT NULL,
      type text NOT NULL,
      v smallint NOT NULL,
      facts jsonb NOT NULL,
      PRIMARY KEY (conversation, seq)
    );
  `,
};
