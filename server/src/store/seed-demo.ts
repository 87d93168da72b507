/** Puts the demo company into an empty database, and into no other. */
import type pg from 'pg';
import { hashPassword } from '../auth/passwords.js';
import { customerRow, saveCustomersSql, savePhonesSql } from '../directory/customer-row.js';
import { demoPassword, type DemoCompany } from '../directory/demo.js';

/** @returns false when somebody or something is in the database already; nothing is touched then */
export async function seedDemo(client: pg.ClientBase, company: DemoCompany): Promise<boolean> {
  if (!(await isEmpty(client))) return false;
  // One hash for all: the password is printed at every start, so a salt of each one's own would hide nothing.
  const password_hash = await hashPassword(demoPassword);
  const people = company.people.map((one) => ({ ...one, password_hash }));
  await client.query('BEGIN');
  try {
    await client.query('LOCK TABLE agent, customer, number IN EXCLUSIVE MODE');
    if (!(await isEmpty(client))) {
      await client.query('ROLLBACK');
      return false;
    }
    const insert = (table: string, columns: string, rows: readonly object[]) =>
      client.query(
        `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`,
        [JSON.stringify(rows)],
      );
    await insert('team', 'id, name', company.teams);
    await insert('agent', 'id, email, name, kana, role, team, password_hash', people);
    await insert(
      'number',
      'e164, name',
      company.numbers.map((one) => ({ e164: one.number, name: one.name })),
    );
    await client.query(saveCustomersSql, [JSON.stringify(company.customers.map(customerRow))]);
    const phones = company.customers.flatMap((one) =>
      one.phones.map((e164, position) => ({ e164, customer: one.id, position })),
    );
    await client.query(savePhonesSql, [JSON.stringify(phones)]);
    await client.query('COMMIT');
    return true;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

async function isEmpty(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ empty: boolean }>(
    `SELECT NOT EXISTS (SELECT 1 FROM agent) AND NOT EXISTS (SELECT 1 FROM customer) AND NOT EXISTS (SELECT 1 FROM number)
        AND NOT EXISTS (SELECT 1 FROM conversation_event) AS empty`,
  );
  return rows[0]?.empty ?? false;
}
