/** The messages between server and screens, with their schemas. */
export * from './api.js';
export * from './errors.js';
export * from './live.js';
export * from './version.js';
