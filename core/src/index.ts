/** The business, pure: no I/O, no clock, no chance. Start at conversation/step.ts. The wire schemas are at `@denwaban/core/wire`. */
export * from './ids.js';
export * from './ports.js';
export * from './conversation/conversation.js';
export * from './conversation/events.js';
export { apply, fold, isOpen } from './conversation/fold.js';
export * from './conversation/inputs.js';
export * from './conversation/line.js';
export { upcast, upcastRecord } from './conversation/upcast.js';
export { whyNotCall } from './conversation/whom-to-call.js';
export { deadline } from './conversation/due.js';
export { knownLeg } from './conversation/process-end.js';
export { step } from './conversation/step.js';
export * from './routing/index.js';
export { type AgentFacts, presenceState, whyNot } from './agent/presence.js';
export { assertNever } from './assert-never.js';
export { accessFacts, type AccessFacts, type AccessViewer, mayHear, maySee, whoTalked } from './agent/access.js';
export { durations, type Durations } from './conversation/durations.js';
