/**
 * 0003: rows follow their events. `conversation_unsettled` names every conversation that is open, or whose row may be behind its
 * events: what a start has to look at. Until now a row was written with its events, so the open ones are all there are.
 *
 * Three indexes fewer to keep: open conversations are found by the new table; who placed a call or talked in it is also in
 * `seen_by`, whose index finds both.
 */
export const rowsFollow = {
  version: 3,
  name: 'rows-follow',
  up: `
    CREATE TABLE conversation_unsettled (id text COLLATE "C" PRIMARY KEY);
    INSERT INTO conversation_unsettled (id) SELECT id FROM conversation WHERE closed_at IS NULL;
    DROP INDEX conversation_open;
    DROP INDEX conversation_agents;
    DROP INDEX conversation_by;
  `,
};
