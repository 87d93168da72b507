/** The business, pure: no I/O, no clock, no chance. Start at conversation/step.ts. The wire schemas are at `@denwaban/core/wire`. */
export * from './ids.js';
export * from './ports.js';
export * from './conversation/conversation.js';
export * from './conversation/events.js';
