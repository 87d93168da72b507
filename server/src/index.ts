/** The service: what ties core to the phone, the store and the screens. The lab runs the same engine on a simulated phone network. */
export { type EngineClock, systemClock } from './engine/clock.js';
export { type EngineOptions, startEngine } from './engine/engine.js';
export * from './services.js';
