/** Who is calling: look-up among 1,000,000 numbers. Bar: ≤ 5 ms. */
import type { E164 } from '@denwaban/core';
import { findByNumber } from '../../server/src/directory/find-by-number.js';
import { makePool } from '../../server/src/store/connection.js';
import { withDatabase } from './database.js';
import { random, row, type Benchmark, type Row } from './measure.js';

const numbers = 1_000_000;
const numberOf = (n: number) => `+8190${String(n).padStart(8, '0')}` as E164;

export const directory: Benchmark = {
  name: 'directory',
  run: ({ seed }) =>
    withDatabase(async (url, client) => {
      await client.query(`
        INSERT INTO customer (id, name, sort_key, search_text, search)
        SELECT 'cu_' || lpad(n::text, 12, '0'), 'Customer ' || n, 'customer ' || n, '', ''::tsvector
        FROM generate_series(0, ${numbers - 1}) AS n`);
      await client.query(`
        INSERT INTO customer_phone (e164, customer)
        SELECT '+8190' || lpad(n::text, 8, '0'), 'cu_' || lpad(n::text, 12, '0')
        FROM generate_series(0, ${numbers - 1}) AS n`);
      await client.query('ANALYZE');
      const pool = makePool(url);
      const chance = random(seed);
      try {
        const look = async (known: boolean) => {
          const number = numberOf(Math.floor(chance() * numbers) + (known ? 0 : numbers));
          const begun = process.hrtime.bigint();
          const found = await findByNumber(pool, number);
          if ((found !== null) !== known) throw new Error(`${number} was ${known ? 'not ' : ''}found`);
          return Number(process.hrtime.bigint() - begun) / 1e6;
        };
        const one = async (known: boolean): Promise<Row> => {
          for (let i = 0; i < 50; i++) await look(known);
          const samples: number[] = [];
          for (let i = 0; i < 2000; i++) samples.push(await look(known));
          return row(
            `find a ${known ? 'known' : 'unknown'} number`,
            'ms',
            `${numbers.toLocaleString('en')} numbers, one at a time`,
            samples,
          );
        };
        const rows = [await one(true), await one(false)];
        const crowd: number[] = [];
        for (let i = 0; i < 100; i++) crowd.push(...(await Promise.all(Array.from({ length: 20 }, () => look(true)))));
        return [...rows, row('find a known number', 'ms', '20 at the same instant', crowd)];
      } finally {
        await pool.end();
      }
    }),
};
