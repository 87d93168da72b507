/** Who a number belongs to: one indexed query, prepared once per connection. */
import type { CallerIdentity, E164 } from '@denwaban/core';
import type pg from 'pg';

export async function findByNumber(pool: pg.Pool, number: E164): Promise<CallerIdentity | null> {
  const { rows } = await pool.query<CallerIdentity>({
    name: 'directory-find-by-number',
    text: `SELECT c.id AS customer, c.name, c.kana, c.owner, coalesce(a.team, c.team) AS team
           FROM customer_phone p JOIN customer c ON c.id = p.customer LEFT JOIN agent a ON a.id = c.owner
           WHERE p.e164 = $1`,
    values: [number],
  });
  return rows[0] ?? null;
}
