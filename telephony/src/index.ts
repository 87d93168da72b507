/** The phone: protocol engines, media process and carriers. Knows no database. */
export * from './media/protocol.js';
