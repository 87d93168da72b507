/** Who is signed in. The cookie's secret is 32 random bytes; only its SHA-256 is stored, so a copy of the database opens no door. */
import { createHash, randomBytes } from 'node:crypto';
import type { AgentId } from '@denwaban/core';
import type pg from 'pg';
import type { Sessions } from '../services.js';

/** A session ends this long after it was last used. */
export const sessionMs = 12 * 60 * 60 * 1000;
/** Its use is written down at most this often. */
const touchMs = 60_000;

export function openSessions(pool: pg.Pool, now: () => number = Date.now): Sessions {
  return {
    async begin(agent) {
      const secret = randomBytes(32).toString('base64url');
      const at = new Date(now());
      await pool.query(
        'INSERT INTO session (hash, agent, created_at, last_seen_at, expires_at) VALUES ($1, $2, $3, $3, $4)',
        [hashOf(secret), agent, at, new Date(now() + sessionMs)],
      );
      await pool.query('DELETE FROM session WHERE expires_at <= $1', [at]);
      return secret;
    },
    async find(secret) {
      if (!/^[\w-]{43}$/.test(secret)) return null;
      const hash = hashOf(secret);
      const { rows } = await pool.query<{ agent: AgentId; last_seen_at: Date }>({
        name: 'session-find',
        text: 'SELECT agent, last_seen_at FROM session WHERE hash = $1 AND expires_at > $2',
        values: [hash, new Date(now())],
      });
      const found = rows[0];
      if (!found) return null;
      if (found.last_seen_at.getTime() <= now() - touchMs) {
        await pool.query({
          name: 'session-touch',
          text: 'UPDATE session SET last_seen_at = $2, expires_at = $3 WHERE hash = $1',
          values: [hash, new Date(now()), new Date(now() + sessionMs)],
        });
      }
      return found.agent;
    },
    async end(secret) {
      await pool.query('DELETE FROM session WHERE hash = $1', [hashOf(secret)]);
    },
  };
}

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();
