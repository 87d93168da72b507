/** A customer as it is stored: what it is found and sorted by follows from what it is. */
import { foldText, lexemes, searchTextOf } from './search-text.js';

export interface CustomerFields {
  id: string;
  name: string;
  kana: string | null;
  company: string | null;
  owner: string | null;
  team: string | null;
}

export interface CustomerRow extends CustomerFields {
  sort_key: string;
  search_text: string;
  lexemes: string[];
}

export function customerRow(fields: CustomerFields): CustomerRow {
  const name = foldText(fields.name);
  const kana = foldText(fields.kana ?? '');
  const text = searchTextOf([name, kana, foldText(fields.company ?? '')]);
  return {
    ...fields,
    // A B-tree entry has to fit on a page.
    sort_key: (fields.kana === null ? name : kana).slice(0, 200),
    search_text: text,
    lexemes: lexemes(text),
  };
}

/** Writes any number of customers given as one JSON array of CustomerRow; those that exist are brought up to date. */
export const saveCustomersSql = `
  INSERT INTO customer (id, name, kana, company, owner, team, sort_key, search_text, search)
  SELECT r.id, r.name, r.kana, r.company, r.owner, r.team, r.sort_key, r.search_text, array_to_tsvector(r.lexemes)
  FROM json_to_recordset($1::json) AS r(
    id text, name text, kana text, company text, owner text, team text, sort_key text, search_text text, lexemes text[])
  ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, kana = excluded.kana, company = excluded.company, owner = excluded.owner, team = excluded.team,
    sort_key = excluded.sort_key, search_text = excluded.search_text, search = excluded.search, updated_at = now()`;

/** Writes phones given as one JSON array of {e164, customer, position}. */
export const savePhonesSql = `
  INSERT INTO customer_phone (e164, customer, position)
  SELECT r.e164, r.customer, r.position
  FROM json_to_recordset($1::json) AS r(e164 text, customer text, position smallint)`;
