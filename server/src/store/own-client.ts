/** A connection of one's own, made when it is needed and made again when it broke. */
import type pg from 'pg';
import { makeClient } from './connection.js';

/** A statement that takes longer than this is taken for lost with its connection. */
const statementMs = 15_000;

export interface OwnClient {
  get(): Promise<pg.Client>;
  /** Lets the connection go; the next `get` makes a new one. */
  disconnect(): void;
}

export function ownClient(url: string): OwnClient {
  let client: pg.Client | null = null;
  return {
    async get() {
      if (client) return client;
      const fresh = makeClient(url, statementMs);
      fresh.once('end', () => {
        if (client === fresh) client = null;
      });
      await fresh.connect();
      return (client = fresh);
    },
    disconnect() {
      const old = client;
      client = null;
      // Not awaited: a server that has gone does not answer a farewell either.
      void old?.end().catch(() => {});
    },
  };
}
