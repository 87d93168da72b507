import { makeClient } from '../connection.js';

/** One question to the database, on a connection that is gone afterwards. */
export async function ask<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = makeClient(url);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}
