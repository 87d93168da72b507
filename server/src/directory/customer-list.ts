/** The customer list: all of them in the order of their reading, or those that a few letters or digits fit. Pages by cursor. And one by its id. */
import type { CustomerId } from '@denwaban/core';
import type { CustomerList, CustomerView } from '@denwaban/core/wire';
import { sql, type Kysely } from 'kysely';
import type { Customers, People } from '../services.js';
import type { Schema } from '../store/schema.js';
import { phonePrefix } from './phone-prefix.js';
import { normalise } from './normalise.js';
import { textQuery } from './search-text.js';

type Names = Pick<People, 'byId' | 'teams'>;

export async function listCustomers(
  db: Kysely<Schema>,
  people: Names,
  query: Parameters<Customers['list']>[0],
): Promise<CustomerList> {
  let select = customers(db)
    .orderBy('c.sort_key')
    .orderBy('c.id')
    .limit(query.limit + 1);

  const q = query.q?.trim() ?? '';
  if (q !== '') {
    const digits = phonePrefix(q);
    const whole = normalise(q);
    const text = textQuery(q);
    if (digits !== null) {
      select = select.where('c.id', 'in', (inner) =>
        inner
          .selectFrom('customer_phone as p')
          .select('p.customer')
          .where((where) =>
            where.or([where('p.e164', '=', whole ?? ('' as never)), sql<boolean>`p.e164 ^@ ${digits}`]),
          ),
      );
    } else if (text !== null) {
      select = select.where(sql<boolean>`c.search @@ ${text.tsquery}::tsquery`);
      for (const word of text.words) select = select.where(sql<boolean>`strpos(c.search_text, ${word}) > 0`);
    } else return { items: [], next: null };
  }
  if (query.cursor !== undefined) {
    select = select.where(
      sql<boolean>`(c.sort_key, c.id) > (SELECT f.sort_key, f.id FROM customer f WHERE f.id = ${query.cursor})`,
    );
  }

  const rows = await select.execute();
  const items = rows.slice(0, query.limit).map(viewBy(people));
  const last: CustomerId | undefined = rows[query.limit - 1]?.id;
  return { items, next: rows.length > query.limit ? (last ?? null) : null };
}

/** Null: there is no such customer. */
export async function findCustomer(db: Kysely<Schema>, people: Names, id: CustomerId): Promise<CustomerView | null> {
  const row = await customers(db).where('c.id', '=', id).executeTakeFirst();
  return row === undefined ? null : viewBy(people)(row);
}

const customers = (db: Kysely<Schema>) =>
  db
    .selectFrom('customer as c')
    .select(['c.id', 'c.name', 'c.kana', 'c.company', 'c.owner', 'c.team'])
    .select(
      sql<
        CustomerView['phones']
      >`ARRAY(SELECT p.e164 FROM customer_phone p WHERE p.customer = c.id ORDER BY p.position, p.e164)`.as('phones'),
    );

type Found = Pick<Schema['customer'], 'id' | 'name' | 'kana' | 'company' | 'owner' | 'team'> &
  Pick<CustomerView, 'phones'>;

function viewBy(people: Names): (row: Found) => CustomerView {
  const teamName = new Map(people.teams().map((team) => [team.id, team.name]));
  return ({ owner: ownerId, team, ...row }) => {
    const owner = ownerId && people.byId(ownerId);
    return {
      ...row,
      owner: owner ? { id: owner.id, name: owner.name } : null,
      team: team ? { id: team, name: teamName.get(team) ?? team } : null,
    };
  };
}
